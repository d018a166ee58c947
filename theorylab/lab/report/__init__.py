"""The report: one HTML file that opens from disk, and the evidence table of the README."""

from __future__ import annotations

from theorylab.lab.report.build import build_report
from theorylab.lab.report.readme_table import readme_table, summary_table, update_readme

__all__ = ["build_report", "readme_table", "summary_table", "update_readme"]
