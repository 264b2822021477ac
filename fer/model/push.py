"""Push to the Hugging Face Hub: weights, code and model card in one commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from huggingface_hub import HfApi
from huggingface_hub.constants import EVAL_RESULTS_FOLDER

from fer.hub_access import HUB_ID, TIMEOUT
from fer.model.hub import EVALUATION_PLOTS, ONNX_FILES, RECIPE, REVISION_NAME, hub_errors_as
from fer.model.hub_folder import NOTEBOOK, write_hub_folder


class PushError(ValueError):
    """A folder can't be pushed; the message mentions if it is on the Hub nevertheless."""


@dataclass(frozen=True)
class PushedModel:
    """Result of a push: `repo_id` at `commit`, tagged `tag` where one was given."""

    repo_id: str
    commit: str
    tag: str | None = None

    @property
    def source(self) -> str:
        """What FER_MODEL has to be for exactly these weights."""
        return f"{self.repo_id}@{self.tag or self.commit}"


def prepare_push(repo_id: str, private: bool = False, tag: str | None = None) -> None:
    """Create the repo if need be and check that a push would be accepted.

    A training calls it before its first step, so that a wrong token is noticed before hours pass.

    Raises:
        PushError: The id, the token or the tag is invalid, or the Hub doesn't respond.
    """
    if not HUB_ID.fullmatch(repo_id):
        raise PushError(f"{repo_id!r} is not a Hub id; expected one such as you/name.")
    if tag is not None and not REVISION_NAME.fullmatch(tag):
        raise PushError(f"{tag!r} can't be a tag; expected one such as v1.0.")
    with hub_errors_as(PushError, repo_id):
        api = HfApi()
        api.create_repo(repo_id, private=private or None, exist_ok=True)
        api.auth_check(repo_id, write=True)  # creating one that is there asks for nothing
        if private and not api.model_info(repo_id, timeout=TIMEOUT).private:
            raise PushError(
                f"{repo_id} is there already and public; make it private in its settings on the "
                "Hub, or push without the private option."
            )
        if tag in [taken.name for taken in api.list_repo_refs(repo_id).tags]:
            raise PushError(
                f"{repo_id} already has the tag {tag}; releases don't move: take another."
            )


STALE_FILES = [
    f"{EVAL_RESULTS_FOLDER}/*",
    *ONNX_FILES,
    RECIPE,
    "curves.png",
    NOTEBOOK.name,
    *EVALUATION_PLOTS,
    *(f"{split}_{plot}" for split in ("train", "validation", "test") for plot in EVALUATION_PLOTS),
]
"""What is removed from a repo unless it is pushed again: what this project writes, nothing else."""


def push(
    folder: str | Path,
    repo_id: str,
    private: bool = False,
    tag: str | None = None,
    evaluations: Sequence[str | Path] = (),
) -> PushedModel:
    """Put a trained folder on the Hub, in one commit: all files arrive or none; then tag it.

    What goes up is the network with its own code, its processor, metrics.json, the plots, and the
    model card that metrics.json makes; no checkpoints, no pickles.

    Args:
        folder: An output folder of `train.py`.
        repo_id: Such as "you/name"; created if need be.
        private: Only the owner may see a repo that is created here.
        tag: Name of the release, such as "v1.0".
        evaluations: Output folders of `fer evaluate` for `folder`, for the card.

    Raises:
        ModelError: The folder holds no network that can be loaded, or an evaluation isn't of it.
        PushError: The Hub doesn't respond or refuses.
    """
    with TemporaryDirectory() as staging:
        write_hub_folder(Path(folder), Path(staging), repo_id, [*map(Path, evaluations)])
        prepare_push(repo_id, private, tag)
        with hub_errors_as(PushError, repo_id):
            commit = HfApi().upload_folder(
                repo_id=repo_id,
                folder_path=staging,
                delete_patterns=STALE_FILES,  # of earlier weights
                commit_message=f"Release {tag}" if tag else "Push trained weights",
            )
        if tag:
            create_tag(PushedModel(repo_id, commit.oid), tag)
    return PushedModel(repo_id, commit.oid, tag)


def create_tag(pushed: PushedModel, tag: str) -> None:
    """Give what was pushed a name that stays.

    Raises:
        PushError: It doesn't work; the weights are on the Hub.
    """
    try:
        with hub_errors_as(PushError, pushed.repo_id):
            HfApi().create_tag(pushed.repo_id, tag=tag, revision=pushed.commit)
    except PushError as error:
        raise PushError(
            f"{error} The weights are on the Hub, as {pushed.source}; only the tag {tag} is "
            "missing."
        ) from error
