"""FER2013, or another data set of its form, from the Hugging Face Hub."""

from pathlib import Path

import datasets
from datasets.exceptions import DatasetsError
from datasets.naming import camelcase_to_snakecase
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from fer.data.readers import EXPECTED
from fer.data.splits import DatasetError
from fer.hub_access import HUB_ID, TIMEOUT, UNREACHABLE_ERRORS


def load_hub(source: str) -> datasets.DatasetDict:
    """Load a Hub id; the Hub is queried once before, as `datasets` retries for half a minute."""
    if not HUB_ID.fullmatch(source):
        raise DatasetError(
            f"There is no file or folder {source!r}, nor is it a Hub id (owner/name); "
            f"expected {EXPECTED}."
        )
    try:
        if not _is_cached(source):
            HfApi().dataset_info(source, timeout=TIMEOUT)
        return datasets.load_dataset(source)
    except (*UNREACHABLE_ERRORS, ConnectionError) as error:
        raise DatasetError(
            f"The Hub can't be reached for {source!r} and there is no folder of that name here; "
            "give --dataset a folder with FER2013, for example --dataset data/fer2013."
        ) from error
    except (RepositoryNotFoundError, datasets.exceptions.DatasetNotFoundError) as error:
        raise DatasetError(
            f"The Hub has no data set {source!r} (missing, private or gated) and there is no "
            "folder of that name here."
        ) from error
    except (HfHubHTTPError, DatasetsError, ValueError, RuntimeError) as error:
        raise DatasetError(
            f"{source!r} can't be loaded from the Hub: {first_line(error)}"
        ) from error


def _is_cached(source: str) -> bool:
    """Return whether this Hub id is in the cache of `datasets`, so that the Hub isn't needed."""
    owner, name = source.split("/")
    cache = Path(datasets.config.HF_DATASETS_CACHE)
    folder = cache / f"{owner}___{camelcase_to_snakecase(name)}"
    return any(folder.glob("*/*/*/dataset_info.json"))


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message."""
    return str(error).strip().partition("\n")[0]
