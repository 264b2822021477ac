"""What stands before Gradio: checks and limits of requests, static files, and uploads."""
