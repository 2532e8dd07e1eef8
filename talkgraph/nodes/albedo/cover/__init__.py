"""What is told of a cover from colours of vertices: where, and how far it reaches."""
