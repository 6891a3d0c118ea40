// Every call of Mem0's JavaScript client against a server: node mem0_js.mjs URL KEY, in the folder of its package.
// Prints one JSON object: call -> "ok", or "failed".

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import assert from 'node:assert/strict';

const [url, key] = process.argv.slice(2);
const entry = createRequire(path.join(process.cwd(), 'here.js')).resolve('mem0ai');
const loaded = await import(pathToFileURL(entry));
const MemoryClient = loaded.MemoryClient ?? loaded.default?.MemoryClient ?? loaded.default?.default ?? loaded.default;
const client = new MemoryClient({ apiKey: key, host: url });
const seen = {};

const call = async (name, step) => {
  try {
    seen[name] = (await step()) ?? 'ok';
  } catch (error) {
    console.error(name, error);
    seen[name] = 'failed';
  }
};
const refused = async (name, step) => {
  try {
    await step();
  } catch (error) {
    assert.equal(error.constructor.name, name, String(error));
    return error;
  }
  assert.fail(`${name} was not thrown`);
};
const ann = { user_id: 'ann' };
const nowhere = '00000000-0000-4000-8000-000000000000';
let uid;

await call('GET /v1/ping/', async () => {
  await client.ping();
  assert.ok(client.projectId);
});
await call('POST /v3/memories/add/', async () => {
  const pending = await client.add([{ role: 'user', content: 'I am allergic to peanuts.' }], {
    userId: 'ann',
    metadata: { likesTea: 1 },
  });
  assert.equal(pending.status, 'PENDING');
  const event = await fetch(`${url}/v1/event/${pending.eventId}/`, { headers: { Authorization: `Token ${key}` } });
  uid = (await event.json()).results[0].id;
  const verbatim = await client.add('My sister Rosa lives in Lisbon.', { userId: 'ann', agentId: 'a1', infer: false });
  assert.equal(verbatim.results[0].data.memory, 'My sister Rosa lives in Lisbon.');
  await refused('ValidationError', () => client.add([{ role: 'user', content: 'x' }], {}));
});
await call('POST /v3/memories/search/', async () => {
  const { results } = await client.search('Where does Rosa live?', { filters: ann });
  assert.equal(results[0].memory, 'My sister Rosa lives in Lisbon.');
  assert.equal((await client.search('Rosa', { filters: { userId: 'ann' }, topK: 1 })).results.length, 1);
  const latest = await client.search('Rosa', { filters: ann, latestOnly: true, keywordSearch: true });
  assert.equal(latest.results[0].memory, 'My sister Rosa lives in Lisbon.');
});
await call('POST /v3/memories/', async () => {
  const page = await client.getAll({ filters: ann, page: 1, pageSize: 1 });
  assert.deepEqual([page.count, page.results.length, page.previous], [2, 1, null]);
  await refused('ValidationError', () => client.getAll({}));
});
await call('GET /v1/memories/{id}/', async () => {
  const found = await client.get(uid);
  assert.equal(found.memory, 'I am allergic to peanuts.');
  assert.deepEqual(found.metadata, { likesTea: 1 });
  await refused('MemoryNotFoundError', () => client.get(nowhere));
});
await call('PUT /v1/memories/{id}/', async () => {
  await client.update(uid, { text: 'I am allergic to walnuts.', metadata: { l: 2 } });
  assert.equal((await client.get(uid)).memory, 'I am allergic to walnuts.');
});
await call('GET /v1/memories/{id}/history/', async () => {
  assert.deepEqual((await client.history(uid)).map((entry) => entry.event), ['ADD', 'UPDATE']);
});
await call('GET /v1/entities/', async () => {
  assert.deepEqual((await client.users()).results.map((one) => one.name), ['ann', 'a1']);
});
await call('PUT /v1/batch/', async () => {
  await client.batchUpdate([{ memoryId: uid, text: 'I am allergic to cashews.' }]);
  assert.equal((await client.get(uid)).memory, 'I am allergic to cashews.');
});
await call('DELETE /v1/batch/', async () => {
  const { results } = await client.add('Rosa paints.', { userId: 'ann', infer: false });
  await client.batchDelete([results[0].id]);
  assert.equal((await client.getAll({ filters: ann })).count, 2);
});
await call('POST /v1/feedback/', async () => {
  const given = await client.feedback({ memoryId: uid, feedback: 'POSITIVE', feedbackReason: 'right' });
  assert.equal(given.feedback, 'POSITIVE');
});
const schema = {
  type: 'object',
  properties: { facts: { type: 'array', items: { type: 'object', properties: { memory: { type: 'string' } } } } },
};
let exported;
await call('POST /v1/exports/', async () => {
  exported = (await client.createMemoryExport({ schema, filters: ann })).id;
});
await call('POST /v1/exports/get/', async () => {
  for (const query of [{ memoryExportId: exported }, { filters: ann }])
    assert.equal((await client.getMemoryExport(query)).facts.length, 2);
  await refused('MemoryNotFoundError', () => client.getMemoryExport({ filters: { user_id: 'nobody' } }));
});
const project = '/api/v1/orgs/organizations/{org}/projects/{project}/';
await call(`GET ${project}`, async () => {
  assert.equal((await client.getProject({ fields: ['customInstructions'] })).projectId, client.projectId);
});
await call(`PATCH ${project}`, async () => {
  await client.updateProject({ customInstructions: 'Remember food.', customCategories: [{ food: 'What she eats' }] });
  const told = await client.getProject({});
  assert.equal(told.customInstructions, 'Remember food.');
});
const hook = { url: 'https://example.com/told', name: 'told', eventTypes: ['memory_add'] };
let webhook;
await call('POST /api/v1/webhooks/projects/{project}/', async () => {
  webhook = (await client.createWebhook(hook)).webhookId;
  assert.ok(webhook);
});
await call('GET /api/v1/webhooks/projects/{project}/', async () => {
  assert.equal((await client.getWebhooks())[0].webhookId, webhook);
});
await call('PUT /api/v1/webhooks/{id}/', async () => {
  await client.updateWebhook({ ...hook, webhookId: webhook, name: 'renamed' });
  assert.equal((await client.getWebhooks())[0].name, 'renamed');
});
await call('DELETE /api/v1/webhooks/{id}/', async () => {
  await client.deleteWebhook({ webhookId: webhook });
  assert.deepEqual(await client.getWebhooks(), []);
});
await call('GET /v2/entities/user/{id}/profile/', async () => {
  const found = await client.getProfile({ entityId: 'ann' });
  assert.deepEqual([found.status, found.profile], ['succeeded', { allergy: ['cashews'], sister: ['Rosa'] }]);
  assert.deepEqual([found.entityType, found.entityId, found.generationCount], ['user', 'ann', 1]);
  assert.ok(found.updatedAt);
  await refused('MemoryNotFoundError', () => client.getProfile({ entityId: 'nobody' }));
});
await call('POST /v2/profiles/settings/', async () => {
  const allergy = { type: 'array', description: 'Not to eat' };
  const inner = { type: 'object', description: 'Of food', properties: { allergy } };
  const shape = { type: 'object', properties: { my_allergy: inner } };
  const told = await client.updateProfileSettings({ schema: shape, customInstructions: 'Be brief.' });
  assert.deepEqual(told.entities.user, { schema: shape, customInstructions: 'Be brief.' });
  assert.deepEqual((await client.getProfile({ entityId: 'ann' })).profile, { my_allergy: { allergy: ['cashews'] } });
  assert.equal((await client.updateProfileSettings({ enabled: true, schema: null })).entities.user.schema, null);
  await refused('ValidationError', () => client.updateProfileSettings({ schema: { properties: { home: {} } } }));
});
await call('GET /v2/profiles/settings/', async () => {
  const told = await client.getProfileSettings();
  assert.equal(told.enabled, true);
  assert.ok(told.capabilities);
});
let job;
await call('POST /v2/profiles/jobs/', async () => {
  job = await client.generateProfile({ entityId: 'ann', idempotencyKey: 'once' });
  assert.deepEqual([job.operation, job.entityType, job.replayed], ['trigger', 'user', false]);
  assert.equal((await client.generateProfile({ entityId: 'ann', idempotencyKey: 'once' })).replayed, true);
  await refused('MemoryNotFoundError', () => client.generateProfile({ entityId: 'nobody' }));
  const sample = await client.sampleProfiles({ limit: 1 });
  assert.deepEqual([sample.sampled, sample.entityIds], [1, ['ann']]);
});
await call('GET /v2/profiles/jobs/{id}/', async () => {
  for (const which of [job.jobId, job.statusUrl]) {
    const read = (await client.getProfileJob(which)).job;
    assert.deepEqual([read.status, read.total, read.completed, read.succeeded], ['succeeded', 1, 1, 1]);
  }
  await refused('MemoryNotFoundError', () => client.getProfileJob(nowhere));
});
await call('DELETE /v1/memories/{id}/', async () => {
  await client.delete(uid);
  await refused('MemoryNotFoundError', () => client.delete(uid));
});
await call('DELETE /v1/memories/', async () => {
  await refused('ValidationError', () => client.deleteAll({}));
  assert.equal((await client.getAll({ filters: ann })).count, 1);
  await client.deleteAll({ userId: 'ann' });
  assert.equal((await client.getAll({ filters: ann })).count, 0);
});
await call('DELETE /v2/entities/{type}/{name}/', async () => {
  await client.add('I like tea.', { userId: 'a/b-ü😀%' });
  await client.deleteUsers({ userId: 'a/b-ü😀%' });
  assert.equal((await client.users()).count, 0);
});
await call('DELETE /v1/entities/{type}/{id}/', async () => {
  await client.add('I like tea.', { userId: 'bob' });
  await client.deleteUser({ entity_id: 'bob', entity_type: 'user' });
  assert.equal((await client.users()).count, 0);
});
console.log(JSON.stringify(seen));
process.exit(0);
