import { describe, expect, it } from 'vitest'
import { type ImageRefusal, nextCheckMs, planImage } from './image-plan.ts'

const held: ImageRefusal = { rule: 'held', sentence: 'It was rolled back.' }

describe('what a check of an image does', () => {
  it.each([
    ['deploys an image that is new', undefined, 'old', undefined, { do: 'deploy' }],
    ['tells nothing of an image that runs already', undefined, 'new', undefined, { do: 'note' }],
    ['deploys when the tag moved', { digest: 'old', rule: null }, 'old', undefined, { do: 'deploy' }],
    [
      'never deploys twice what was rolled back or did not become ready',
      { digest: 'new', rule: null },
      'old',
      undefined,
      { do: 'rest' },
    ],
    ['says why it does not deploy', undefined, 'old', held, { do: 'refuse', refusal: held, isNews: true }],
    [
      'says it once',
      { digest: 'new', rule: 'held' },
      'old',
      held,
      { do: 'refuse', refusal: held, isNews: false },
    ],
    [
      'says it again for another reason',
      { digest: 'new', rule: 'cannot-start' },
      'old',
      held,
      { do: 'refuse', refusal: held, isNews: true },
    ],
    [
      'deploys what was refused once nothing refuses it',
      { digest: 'new', rule: 'held' },
      'old',
      undefined,
      { do: 'deploy' },
    ],
  ])('%s', (...[, known, deployed, refusal, expected]) => {
    expect(planImage({ known, digest: 'new', deployed, refusal })).toEqual(expected)
  })

  it('comes later and later while it fails, an hour at most, and never for all at once', () => {
    expect(nextCheckMs(60_000, 0, 0.5)).toBe(60_000)
    expect(nextCheckMs(60_000, 0, 0)).toBe(54_000)
    expect(nextCheckMs(60_000, 0, 1)).toBe(66_000)
    expect(nextCheckMs(60_000, 3, 0.5)).toBe(480_000)
    expect(nextCheckMs(60_000, 900, 0.5)).toBe(3_600_000)
    expect(nextCheckMs(86_400_000, 5, 0.5)).toBe(86_400_000)
  })
})
