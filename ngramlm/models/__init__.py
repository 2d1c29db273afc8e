"""Language models: what each must do, the back-off model, and the layouts that queries walk."""
