"""The page at /docs: every call, read from /openapi.json. It loads nothing from anywhere else."""

from __future__ import annotations

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Toldonce: calls</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
  h2 { margin-top: 2.5rem; border-bottom: 1px solid #ddd }
  code { font: 14px ui-monospace, monospace } .method { display: inline-block; width: 4.5rem; font-weight: bold }
  details { margin: .4rem 0 } summary { cursor: pointer } p { margin: .3rem 0 .3rem 1.2rem; white-space: pre-line }
  table { margin: .3rem 0 .8rem 1.2rem; border-collapse: collapse }
  td { padding: .1rem 1rem .1rem 0; vertical-align: top }
  @media (prefers-color-scheme: dark) { body { background: #161616; color: #ddd } h2 { border-color: #444 } }
</style>
<h1>Toldonce</h1><p id="about"></p><main id="calls">Reading <a href="openapi.json">openapi.json</a> ...</main>
<script>
const make = (name, text, parent) => {
  const made = document.createElement(name); made.textContent = text; parent.append(made); return made;
};
const kind = (schema) => schema.type || (schema.anyOf || []).map((one) => one.type || 'object').join(' | ') || 'any';
fetch('openapi.json').then((answer) => answer.json()).then((api) => {
  document.getElementById('about').textContent = api.info.description;
  const calls = document.getElementById('calls'); calls.textContent = '';
  const groups = {};
  for (const [path, methods] of Object.entries(api.paths))
    for (const [method, call] of Object.entries(methods))
      (groups[(call.tags || ['other'])[0]] ||= []).push([method, path, call]);
  for (const [group, members] of Object.entries(groups)) {
    make('h2', group, calls);
    for (const [method, path, call] of members) {
      const entry = make('details', '', calls), head = make('summary', '', entry);
      make('code', method.toUpperCase(), head).className = 'method'; make('code', path, head);
      make('p', call.description || call.summary || '', entry);
      const table = make('table', '', entry);
      const row = (name, where, type, text) => {
        const line = make('tr', '', table);
        make('code', name, make('td', '', line));
        for (const cell of [where, type, text]) make('td', cell, line);
      };
      for (const one of call.parameters || []) row(one.name, one.in, kind(one.schema), one.description || '');
      const body = call.requestBody?.content['application/json'].schema.$ref;
      if (body)
        for (const [name, one] of Object.entries(api.components.schemas[body.split('/').pop()].properties))
          row(name, 'body', kind(one), one.description || '');
    }
  }
});
</script>
</html>
"""
