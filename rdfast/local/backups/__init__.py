"""Backup and restore: the database and the uploaded files as one folder that proves itself."""
