"""The finder of shapes: its bundles, its samples, its model card and the script behind them."""
