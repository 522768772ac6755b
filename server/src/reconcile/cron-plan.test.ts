import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planCron } from './cron-plan.ts'

const at = (time: string): Date => new Date(`2030-01-0${time}Z`)
const noon = at('1T12:00:00')

describe('a schedule', () => {
  it.each([
    ['is off without one', undefined, null, { do: 'off' }],
    ['that is new waits for its first time', '30 * * * *', null, { do: 'wait', next: at('1T12:30:00') }],
    ['waits for the time it stored', '0 18 * * *', at('1T18:00:00'), { do: 'wait', next: at('1T18:00:00') }],
    ['ticks when its time has come', '0 * * * *', noon, { do: 'tick', at: noon, next: at('1T13:00:00') }],
    ['ticks a little late', '0 * * * *', at('1T11:59:31'), { do: 'tick', next: at('1T13:00:00') }],
    ['misses what is long past', '0 * * * *', at('1T09:00:00'), { do: 'missed', next: at('1T13:00:00') }],
    ['knows aliases, in UTC', '@daily', noon, { do: 'tick', next: at('2T00:00:00') }],
    ['counts weekdays from Sunday 0', '0 0 * * 0', null, { do: 'wait', next: at('6T00:00:00') }],
    ['that never comes is off', '0 0 30 2 *', noon, { do: 'off' }],
  ] as const)('%s', (_, schedule, nextAt, step) => {
    expect(planCron({ schedule, nextAt }, noon)).toMatchObject(step)
  })

  it('goes forward: whatever was stored, the next time lies in the future', () => {
    const minutes = fc.integer({ min: 1, max: 59 }).map((step) => `*/${step} * * * *`)
    const stored = fc.option(fc.integer({ min: -100_000, max: 100_000 }))
    fc.assert(
      fc.property(minutes, stored, (schedule, seconds) => {
        const nextAt = seconds === null ? null : new Date(noon.getTime() + seconds * 1000)
        const step = planCron({ schedule, nextAt }, noon)
        expect(step.do !== 'off' && step.next > noon).toBe(true)
        expect(step.do === 'wait').toBe(nextAt === null || nextAt > noon)
      }),
    )
  })
})
