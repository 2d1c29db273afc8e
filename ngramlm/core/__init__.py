"""Tools that every package uses: files, threads, buffers, workspaces for large columns, and checks of arguments."""
