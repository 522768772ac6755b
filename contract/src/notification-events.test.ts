import { describe, expect, it } from 'vitest'
import { notificationEvents, notificationOf } from './notification-events.ts'

const build = (status: string) => ({ topic: 'build', type: 'build.status', data: { status } })
const run = (status: string, template?: string) => ({
  topic: 'run',
  type: `run.${status}`,
  data: { status, ...(template !== undefined && { template }) },
})

describe('what others are told of a recorded event', () => {
  it.each([
    [build('QUEUED'), undefined],
    [build('STARTING'), 'build:start'],
    [build('CLONING'), undefined],
    [build('SUCCESS'), 'build:success'],
    [build('CRASHED'), 'build:failure'],
    [build('ABORTED'), 'build:abort'],
    [{ topic: 'job-run', type: 'job-run.status', data: { status: 'RUNNING' } }, 'job-run:start'],
    [{ topic: 'job-run', type: 'job-run.status', data: { status: 'FAILED' } }, 'job-run:failure'],
    [{ topic: 'backup', type: 'backup.status', data: { status: 'completed' } }, 'addon-backup:success'],
    [run('running'), 'release-flow-template-run:start'],
    [run('failure'), 'release-flow-template-run:failure'],
    [run('success', 'uid'), 'template-run:success'],
    [run('queued'), undefined],
    [run('queued', 'uid'), 'template-run:queued'],
    [{ topic: 'run', type: 'node.success', data: { status: 'success' } }, 'release-flow-template-run:update'],
    [{ topic: 'service', type: 'service.status', data: {} }, 'service:deployment:status-update'],
    [{ topic: 'instance', type: 'instance.crashed' }, 'infrastructure:service:container-crash'],
    [{ topic: 'instance', type: 'instance.ready' }, undefined],
    [{ topic: 'audit', type: 'service.create' }, undefined],
  ])('%o is %s', (event, name) => {
    expect(notificationOf(event)).toBe(name)
    if (name !== undefined) expect(notificationEvents).toContain(name)
  })
})
