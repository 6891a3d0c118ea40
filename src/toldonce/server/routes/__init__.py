"""One module for each resource. The order decides where addresses could be read in two ways."""

from __future__ import annotations

from fastapi import APIRouter

from toldonce.server.routes import (
    adding,
    batch,
    entities,
    erasing,
    events,
    exports,
    feedback,
    health,
    listing,
    memories,
    missing,
    profiles,
    projects,
    searching,
    summary,
    webhooks,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    searching.router,
    adding.router,
    listing.router,
    events.router,
    profiles.router,
    missing.router,
    memories.router,
    entities.router,
    erasing.router,
    batch.router,
    feedback.router,
    summary.router,
    exports.router,
    projects.router,
    webhooks.router,
)
