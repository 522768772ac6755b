import { expect, test } from 'vitest'
import { touchedKeys } from './touched-keys.ts'

test('what happens to one resource makes it and its list stale', () => {
  const status = { projectId: 'shop', topic: 'addon', subject: 'shop/db', type: 'addon.status' }
  expect(touchedKeys(status)).toEqual([
    ['projects', 'shop', 'addons', 'db'],
    ['projects', 'shop', 'addons'],
  ])
})

test('what is created or deleted makes the whole project stale, which lists it', () => {
  for (const type of ['addon.created', 'addon.deleted', 'service.delete', 'volume.create'])
    expect(touchedKeys({ projectId: 'shop', topic: 'addon', subject: 'shop/db', type })).toEqual([
      ['projects', 'shop'],
    ])
})

test('a run of a job is found by its project: its subject does not name the job', () => {
  const event = { projectId: 'shop', topic: 'job-run', subject: 'b7c1', type: 'job-run.status' }
  expect(touchedKeys(event)).toContainEqual(['projects', 'shop', 'jobs'])
})
