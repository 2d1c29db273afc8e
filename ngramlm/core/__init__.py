"""What every part of the toolkit needs: files, threads, workspace for large columns, and checks of arguments."""
