"""The keyword spotter: its bundles, its samples, its model card and the script behind them."""
