"""The write path: messages -> journal -> memories."""
