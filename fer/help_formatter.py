"""Formatting of command-line help: defaults where there are any, line breaks kept."""

import argparse


class DefaultsHelpFormatter(
    argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter
):
    """Shows defaults where there are any, and descriptions line by line as they are written."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        nothing = action.default is None or action.default is False or action.default in ([], ())
        return action.help if nothing else super()._get_help_string(action)
