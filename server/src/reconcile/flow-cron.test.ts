import { describe, expect, it } from 'vitest'
import { transaction } from '../db/db.ts'
import { schedule } from '../db/work.ts'
import { flowRules } from '../flows/rules.ts'
import { until } from '../lib/test-until.ts'
import { saveReleaseFlow } from '../operations/flows/save.ts'
import { flowCronCrashPoints } from './flow-cron.ts'
import { sealer, type TriggerWorld, withTriggerWorld } from './triggers-test-project.ts'
import { startTriggerWorker } from './triggers-test-world.ts'

const noon = new Date('2030-01-01T12:00:00Z')
const MINUTE = 60_000

class FlowClock {
  now = new Date(noon.getTime() - MINUTE / 2)
  readonly world: TriggerWorld
  constructor(world: TriggerWorld) {
    this.world = world
  }
  clock = { now: () => this.now }

  save(cron: string | undefined, options: object = {}) {
    const step = { kind: 'Approval', spec: { amount: 1 } }
    const document = {
      apiVersion: 'v1.2',
      options,
      ...(cron !== undefined && { triggers: [{ kind: 'cron', spec: { cron } }] }),
      spec: { kind: 'Workflow', spec: { type: 'sequential', steps: [step] } },
    }
    const key = { projectId: 'shop', pipelineId: 'way', stage: 'Production', actor: 'tester' } as const
    return transaction(this.world.db, (tx) =>
      saveReleaseFlow(tx, key, document, { rules: flowRules, sealer }),
    )
  }

  /** Moves the clock and lets every server look. */
  async goTo(minutes: number): Promise<void> {
    this.now = new Date(noon.getTime() + minutes * MINUTE)
    await schedule(this.world.db, 'flow_cron', 'shop/way/Production')
    await until('the schedule to look', async () => ((await this.next()) ?? noon) > this.now)
  }

  next = async () =>
    (await this.world.db.selectFrom('release_flow_cron').select('next_at').executeTakeFirst())?.next_at
  runs = () => this.world.db.selectFrom('release_run').selectAll().orderBy('number').execute()
  verdicts = () => this.world.db.selectFrom('trigger_verdict').selectAll().orderBy('event_number').execute()
}

const withClock = (work: (cron: FlowClock) => Promise<void>, servers = 1): Promise<void> =>
  withTriggerWorld(async (world) => {
    await world.db.insertInto('pipeline').values({ project_id: 'shop', id: 'way', name: 'way' }).execute()
    const cron = new FlowClock(world)
    const start = () => startTriggerWorker(world.connectionString, world.folder, { clock: cron.clock })
    const workers = await Promise.all(Array.from({ length: servers }, start))
    try {
      await work(cron)
    } finally {
      for (const worker of workers) await worker.stop()
    }
  })

const first = (cron: FlowClock) =>
  until('the first time', async () => (await cron.next())?.getTime() === noon.getTime())

describe('a release flow with a schedule', () => {
  it('is started once a tick, whichever of several servers looks, and says so in the ledger', () =>
    withClock(async (cron) => {
      await cron.save('* * * * *')
      await first(cron)
      for (let minute = 0; minute < 4; minute += 1) await cron.goTo(minute)
      const runs = await cron.runs()
      expect(runs).toHaveLength(4)
      expect(runs[0]).toMatchObject({ trigger: 'automatic', created_by: 'schedule' })
      expect(await cron.verdicts()).toMatchObject(
        runs.map(({ id }) => ({ watcher_id: 'way/Production', started_id: id })),
      )
    }, 3))

  it('makes up for the ticks that passed while no server ran by one run, and says when they were due', () =>
    withClock(async (cron) => {
      await cron.save('* * * * *')
      await first(cron)
      await cron.goTo(90)
      await cron.goTo(90.5)
      expect(await cron.runs()).toHaveLength(1)
      expect(await cron.verdicts()).toMatchObject([
        { sentence: expect.stringContaining('2030-01-01T12:00:00') },
      ])
    }))

  it('starts nothing while its triggers are paused, and goes on afterwards', () =>
    withClock(async (cron) => {
      await cron.save('* * * * *', { paused: true })
      await first(cron)
      await cron.goTo(0)
      expect(await cron.runs()).toEqual([])
      expect(await cron.verdicts()).toMatchObject([{ started: false, rule: 'paused' }])
      await cron.save('* * * * *')
      await cron.goTo(1)
      expect(await cron.runs()).toHaveLength(1)
    }))

  it('meets the concurrency policy', () =>
    withClock(async (cron) => {
      await cron.save('* * * * *', { concurrencyPolicy: 'forbid' })
      await first(cron)
      await cron.goTo(0)
      await cron.goTo(1)
      expect(await cron.runs()).toHaveLength(1)
      expect(await cron.verdicts()).toMatchObject([{ started: true }, { rule: 'concurrency' }])
    }))

  it('follows its document: another schedule begins anew, and without one nothing is due', () =>
    withClock(async (cron) => {
      await cron.save('* * * * *')
      await first(cron)
      await cron.save('0 13 * * *')
      await until(
        'the new time',
        async () => (await cron.next())?.toISOString() === '2030-01-01T13:00:00.000Z',
      )
      await cron.save(undefined)
      await until('no time', async () => (await cron.next()) === undefined)
      expect(await cron.runs()).toEqual([])
    }))

  it.each(['99 * * * *', '0 0 31 2 *'])('refuses the schedule %s when it is saved', (schedule) =>
    withClock((cron) => expect(cron.save(schedule)).rejects.toMatchObject({ code: 'invalid_document' })),
  )
})

describe('kill -9 while a tick is taken', () => {
  it.each(flowCronCrashPoints)('at %s: the flow is started exactly once', (point) =>
    withClock(async (cron) => {
      const { db } = cron.world
      await cron.save('0 0 1 1 *')
      const due = { schedule: '0 0 1 1 *', next_at: new Date(Date.now() - 1000) }
      const row = { project_id: 'shop', pipeline_id: 'way', stage: 'Production', ...due }
      await db.insertInto('release_flow_cron').values(row).execute()
      expect(await cron.world.live(point).over).toBe('SIGKILL')
      const second = cron.world.live()
      try {
        await until('the tick', async () => ((await cron.next()) ?? noon).getTime() > due.next_at.getTime())
        await until('the work to rest', async () => {
          const item = await db
            .selectFrom('work_item')
            .select('lease')
            .where('kind', '=', 'flow_cron')
            .executeTakeFirst()
          return item?.lease === null
        })
        expect(await cron.runs()).toHaveLength(1)
        expect(await cron.verdicts()).toHaveLength(1)
      } finally {
        await second.end()
      }
    }, 0),
  )
})
