"""The build of the on-device page."""

import pytest

from tests.web import site as sites


def test_a_folder_with_other_files_is_left_alone(web_packages, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RuntimeError, match="other files than a built page"):
        sites.build(tmp_path)
    assert (tmp_path / "thesis.txt").exists()
