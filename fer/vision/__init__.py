"""Finding faces in a picture and cutting them out."""
