"""The top floor: command line, figure runner, resumable sweeps, report. It talks to people and disks."""
