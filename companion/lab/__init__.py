"""What the book measures with: data, limits, claims, figures."""
