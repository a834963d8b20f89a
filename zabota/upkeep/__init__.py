"""Keeping a desk: backups, check-up, figures. Like the command line it knows every room."""
