"""What serves: configs rendered from pins."""
