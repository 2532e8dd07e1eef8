"""What is declared: nodes, ports, types, graphs, and both as files."""
