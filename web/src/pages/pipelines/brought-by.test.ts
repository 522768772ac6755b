import { expect, test } from 'vitest'
import { broughtBy, broughtWords, promotionsFrom } from './brought-by.ts'

const release = (type: string, origin: object, id: string) => ({
  kind: 'Release',
  spec: { type, origin, target: { id, type: 'service' } },
})

const workflow = (...steps: object[]) => ({ kind: 'Workflow', spec: { type: 'sequential', steps } })

const FLOW = {
  spec: workflow(
    workflow(release('build', { id: 'builder' }, 'api')),
    { kind: 'Approval', spec: { amount: 1 } },
    release('deployment', { id: 'web-staging', type: 'service' }, 'web'),
    release('registry', { imagePath: 'nginx:1.27' }, 'proxy'),
  ),
}

test('what a flow deploys is read from its release steps, however deep, and told in words', () => {
  expect(broughtBy(FLOW).map((one) => `${one.target.id} ${broughtWords(one)}`)).toEqual([
    'api gets builds of builder',
    'web promoted from web-staging',
    'proxy gets the image nginx:1.27',
  ])
})

test('only what is taken from the stage before is a promotion from it', () => {
  const before = [{ type: 'service', id: 'web-staging' }] as const
  expect(promotionsFrom(before, broughtBy(FLOW))).toEqual(['web-staging to web'])
  expect(promotionsFrom([{ type: 'service', id: 'builder' }], broughtBy(FLOW))).toEqual([])
})
