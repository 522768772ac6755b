import { expect, test } from 'vitest'
import { choicesOf, placed } from './member-choices.ts'

const WEB = { type: 'service', id: 'web' } as const
const DATA = { type: 'addon', id: 'data' } as const
const MEMBERS = [
  { ...WEB, stage: 'Staging' },
  { ...DATA, stage: 'Production' },
] as const

test('a stage may choose what stands in it and what stands nowhere, by kind', () => {
  const choices = choicesOf([WEB, DATA, { type: 'service', id: 'shop' }], MEMBERS, 'Production')
  expect(choices).toEqual([
    { value: 'service/shop', label: 'shop (service)' },
    { value: 'addon/data', label: 'data (addon)' },
  ])
})

test('what a stage holds can be taken out, even where it could not be put in again', () => {
  expect(choicesOf([], MEMBERS, 'Staging')).toEqual([{ value: 'service/web', label: 'web (service)' }])
})

test('choosing for one stage leaves the others as they are', () => {
  expect(placed(MEMBERS, 'Staging', ['service/web', 'job/migrate'])).toEqual([
    { ...DATA, stage: 'Production' },
    { ...WEB, stage: 'Staging' },
    { type: 'job', id: 'migrate', stage: 'Staging' },
  ])
})
