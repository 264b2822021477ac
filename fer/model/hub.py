"""The Hugging Face Hub: `pull` a network into a local folder, and what a push needs as well.

Everything goes through `huggingface_hub`, which reads HF_TOKEN, HF_ENDPOINT, HF_HOME and
HF_HUB_OFFLINE.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, scan_cache_dir, snapshot_download
from huggingface_hub.errors import (
    CacheNotFound,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from fer.hub_access import HUB_ID, TIMEOUT, UNREACHABLE_ERRORS

MODEL_FILES = ("config.json", "model.safetensors", "preprocessor_config.json")
"""What a network's folder needs to have."""

ONNX_FILES = FLOAT_ONNX, INT8_ONNX = ("onnx/model.onnx", "onnx/model_quantized.onnx")
"""The network for ONNX Runtime, named as usual on the Hub; the page is served by the second."""

METRICS_FILE = "metrics.json"
"""Metrics of a training, saved with the weights."""

PULLED_FILES = [*MODEL_FILES, METRICS_FILE, INT8_ONNX]
"""What is downloaded of a network; no pickles."""

RECIPE = "recipe.yaml"
"""The effective settings of a training, saved with the weights; for `train.py --config`."""

EVALUATION_FILE = "evaluation.json"
"""Metrics of `fer evaluate`."""

EVALUATION_PLOTS = ("confusion.png", "reliability.png", "risk_coverage.png", "robustness.png")
"""What `fer evaluate` draws of them."""

REVISION_NAME = re.compile(r"[\w][\w./-]*")
_LOGIN_HINT = "log in with `hf auth login` or set HF_TOKEN to a token that may write to it"


class ModelError(ValueError):
    """A network can't be found, can't be loaded or lacks the seven expressions."""


@dataclass(frozen=True)
class LocalModel:
    """A network on this machine.

    Attributes:
        folder: Folder with its files; in the Hub's cache when it came from the Hub.
        name: The Hub id or the folder, as requested.
        revision: The commit it was pulled at; None for a folder.
    """

    folder: Path
    name: str
    revision: str | None = None


def pull(source: str | Path, timeout: float = TIMEOUT) -> LocalModel:
    """Return a folder with the network's files: `pull("you/name@v1")`, or a folder as it is.

    A Hub id is downloaded once and then served from the cache, also when the Hub is out of reach.
    Without a revision it is the newest commit of main. Pickles are never downloaded.

    Args:
        source: A folder, or a Hub id with an optional `@` and branch, tag or commit.
        timeout: Seconds to wait for the Hub.

    Raises:
        ModelError: There is neither such a folder nor such a model, the Hub doesn't respond and
            nothing is cached, or a downloaded file is damaged.
    """
    with suppress(OSError):  # too long for a path, say
        if Path(source).is_dir():
            return LocalModel(Path(source), str(source))
    repo_id, revision = split_source(str(source))
    with hub_errors_as(ModelError, repo_id, revision):
        try:
            # Asked first because the download alone would retry for over a minute.
            HfApi().model_info(repo_id, revision=revision, timeout=timeout)
            found = Path(
                snapshot_download(
                    repo_id, revision=revision, allow_patterns=PULLED_FILES, etag_timeout=timeout
                )
            )  # in the cache, named after the commit
            _verify(repo_id, found)
        except (*UNREACHABLE_ERRORS, HfHubHTTPError) as error:
            if not _is_unavailable(error):
                raise
            found = _cached(repo_id, revision, error)
        except OSError as error:  # the cache can't be written
            found = _cached(repo_id, revision, error)
    return LocalModel(found, repo_id, found.name)


def split_source(source: str) -> tuple[str, str | None]:
    """Split "you/name@v1" into the Hub id and the revision, None where there is none.

    Raises:
        ModelError: It isn't a Hub id.
    """
    repo_id, at, revision = source.partition("@")
    if not HUB_ID.fullmatch(repo_id) or (at and not REVISION_NAME.fullmatch(revision)):
        raise ModelError(
            f"{source!r} is neither a folder here nor a Hub id; expected a folder that train.py "
            "has written, or you/name with an optional @revision."
        )
    return repo_id, revision or None


def _cached(repo_id: str, revision: str | None, error: Exception) -> Path:
    """Return the snapshot from an earlier pull, for when the Hub is out of reach.

    Where the last download broke off and no revision is asked for, it is the complete one before.

    Raises:
        Exception: There is none; it is `error` that is raised.
    """
    with suppress(OSError):
        found = Path(
            snapshot_download(
                repo_id, revision=revision, allow_patterns=PULLED_FILES, local_files_only=True
            )
        )
        if _is_complete(found):
            return found
    older = [] if revision else _snapshots(repo_id)
    if not older:
        raise error from None
    return older[-1]


def _snapshots(repo_id: str) -> list[Path]:
    """Return the complete snapshots of a network in the cache, newest last."""
    try:
        cached = [repo for repo in scan_cache_dir().repos if repo.repo_id == repo_id]
    except (CacheNotFound, OSError, ValueError):  # none, or a file in its place
        return []
    revisions = [revision for repo in cached for revision in repo.revisions]
    by_age = sorted(revisions, key=lambda revision: revision.last_modified)
    return [revision.snapshot_path for revision in by_age if _is_complete(revision.snapshot_path)]


def require_model_files(folder: Path, name: str) -> None:
    """Make sure that a folder has the files of a network.

    Args:
        folder: The folder.
        name: For the message: the folder or the Hub id.

    Raises:
        ModelError: Some are missing.
    """
    absent = [file for file in MODEL_FILES if not (folder / file).is_file()]
    if absent:
        raise ModelError(
            f"{name} is no folder of a network that can be loaded here: it lacks "
            f"{', '.join(absent)}."
        )


def _is_complete(snapshot: Path) -> bool:
    return all((snapshot / name).is_file() for name in MODEL_FILES)


def _verify(repo_id: str, snapshot: Path) -> None:
    """Compare the files with the Hub's checksums; spoilt ones leave the cache.

    Raises:
        ModelError: A file is not what the Hub has.
    """
    report = HfApi().verify_repo_checksums(repo_id, revision=snapshot.name)
    spoilt = [mismatch["path"] for mismatch in report.mismatches]
    for name in spoilt:
        (snapshot / name).resolve().unlink()
        (snapshot / name).unlink(missing_ok=True)
    if spoilt:
        raise ModelError(
            f"{', '.join(spoilt)} of {repo_id} arrived damaged and was thrown away; try again."
        )


def _is_unavailable(error: Exception) -> bool:
    """Return whether the Hub is down or overloaded, as opposed to refusing."""
    if not isinstance(error, HfHubHTTPError):
        return True
    return error.response.status_code >= 500 or error.response.status_code in (408, 429)


@contextmanager
def hub_errors_as(
    kind: type[ValueError], repo_id: str, revision: str | None = None
) -> Iterator[None]:
    """Turn what the Hub's client raises into one sentence of `kind`."""
    try:
        yield
    except LocalTokenNotFoundError as error:
        raise kind(f"{repo_id} needs a token: {_LOGIN_HINT}.") from error
    except HFValidationError as error:
        raise kind(
            f"The Hub takes no such name as {repo_id}: it holds up to 96 ASCII letters, "
            "digits, '-', '_' and '.', the latter neither doubled nor at an end."
        ) from error
    except json.JSONDecodeError as error:
        raise kind(
            "Something between here and the Hub responded in its place, a login page or a proxy "
            "perhaps; check the network, or name a folder instead."
        ) from error
    except (*UNREACHABLE_ERRORS, HfHubHTTPError) as error:
        raise kind(_explain(error, repo_id, revision)) from error
    except OSError as error:
        raise kind(
            f"{repo_id} can't be kept in the Hub's cache ({error.strerror or error}); make room, "
            "or set HF_HOME to a folder that can be written."
        ) from error


def _explain(error: Exception, repo_id: str, revision: str | None) -> str:
    """Return a sentence on what went wrong on the Hub and what to do."""
    if isinstance(error, OfflineModeIsEnabled):
        return f"HF_HUB_OFFLINE is set and no copy of {repo_id} is cached here; unset it."
    if not isinstance(error, HfHubHTTPError):
        return (
            f"The Hub didn't respond in {TIMEOUT:g} seconds and no copy of {repo_id} is cached "
            "here; check the network, or name a folder instead."
        )
    if isinstance(error, RevisionNotFoundError):
        return f"{repo_id} has no branch, tag or commit {revision}; see its Files tab on the Hub."
    if isinstance(error, GatedRepoError):
        return f"{repo_id} is gated: accept its terms on the Hub and set HF_TOKEN."
    if isinstance(error, RepositoryNotFoundError):
        return (
            f"There is no folder {repo_id} here, and the Hub shows no such model: it is missing, "
            "or private and HF_TOKEN holds no token that may read it."
        )
    status = error.response.status_code
    if status in (401, 403):
        return f"The Hub refused the token for {repo_id}: {_LOGIN_HINT}."
    return f"The Hub returned {status} for {repo_id}; try again later."
