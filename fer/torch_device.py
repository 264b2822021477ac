"""Where the networks run besides the processor: the devices of PyTorch."""


def check_device(name: str) -> None:
    """Refuse a device that isn't there; for the processor PyTorch isn't loaded.

    Args:
        name: As PyTorch names it, such as "cpu", "cuda:1" or "mps".

    Raises:
        ValueError: PyTorch knows no such device, or can't use it on this machine.
    """
    if name == "cpu":
        return
    try:
        import torch

        torch.zeros(1, device=name).cpu()  # "meta" takes data and gives none
    except ModuleNotFoundError as error:
        raise ValueError(
            f"Device {name} needs PyTorch, which requirements.txt installs; leave it out for the "
            "processor (cpu)."
        ) from error
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ValueError(
            f"Device {name} can't be used on this machine; leave it out for the processor (cpu)."
        ) from error
