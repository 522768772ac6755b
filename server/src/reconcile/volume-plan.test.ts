import { canMove, type VolumeStatus, volumeMoves } from '@fairway/contract/states'
import { describe, expect, test } from 'vitest'
import { MAKE_DEADLINE_MS, planVolume } from './volume-plan.ts'

const statuses = Object.keys(volumeMoves) as VolumeStatus[]

describe('what is done with a volume', () => {
  test.each([
    ['PENDING', false, 0, { do: 'make' }],
    ['PENDING', false, MAKE_DEADLINE_MS + 1, { do: 'give-up' }],
    ['BOUND', true, 0, { do: 'note' }],
    ['BOUND', false, 0, { do: 'move', to: 'LOST' }],
    ['LOST', false, 0, { do: 'note' }],
    ['LOST', true, 0, { do: 'move', to: 'BOUND' }],
    ['DELETING', true, 0, { do: 'remove' }],
    ['DELETING', false, 0, { do: 'remove' }],
    ['FAILED', false, MAKE_DEADLINE_MS + 1, { do: 'rest' }],
  ] as const)('%s, disk there: %s, for %d ms', (status, exists, ageMs, action) => {
    expect(planVolume({ status, exists, ageMs })).toEqual(action)
  })

  const worlds = statuses.flatMap((status) =>
    [true, false].flatMap((exists) => [0, MAKE_DEADLINE_MS * 2].map((ageMs) => ({ status, exists, ageMs }))),
  )
  test.each(worlds)(
    'is a move that the table of states allows, and no removal that nobody asked for: %j',
    (world) => {
      const action = planVolume(world)
      if (action.do === 'move') expect(canMove(volumeMoves, world.status, action.to)).toBe(true)
      if (action.do === 'remove') expect(world.status).toBe('DELETING')
    },
  )
})
