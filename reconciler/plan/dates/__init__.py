"""Single dates of a series in a plan: `steps` compares them, `turns` gives each changed date its day."""
