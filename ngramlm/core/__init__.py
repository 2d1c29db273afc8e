"""What every package needs: files, threads, buffers, workspaces for large columns, and checks of arguments."""
