"""Memory for assistants that speak the Model Context Protocol: over stdio, or at ``/mcp`` of the server."""
