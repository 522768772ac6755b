import { expect, test } from 'vitest'
import { isAtLeast, judgeClock, judgeDisk, judgeEngine, judgeHaproxy, judgeNode, judgePort } from './judge.ts'

test.each([
  ['20.10.24+dfsg1', [20, 10], true],
  ['20.9.1', [20, 10], false],
  ['27.0.3', [20, 10], true],
  ['2.6.12-1+deb12u2', [2, 4], true],
  ['nonsense', [2, 4], false],
] as const)('%s is at least %j: %s', (version, least, answer) => {
  expect(isAtLeast(version, least)).toBe(answer)
})

test('what is not well says how to mend it; what is well says nothing to do', () => {
  const findings = [
    judgeNode('18.0.0'),
    judgeDisk('/data', 1000),
    judgeDisk('/data', 2 * 1024 ** 3),
    ...judgeEngine({
      version: '19.3.1',
      memoryLimit: true,
      cpuLimit: true,
      pidsLimit: true,
      liveRestore: true,
    }),
    ...judgeEngine({
      version: '24.0.1',
      memoryLimit: false,
      cpuLimit: true,
      pidsLimit: true,
      liveRestore: false,
    }),
    judgeHaproxy(undefined),
    judgeHaproxy('1.8.0'),
    judgePort('FAIRWAY_PORT', '127.0.0.1:7420', 'other'),
    judgePort('FAIRWAY_PORT', '127.0.0.1:80', 'forbidden'),
    judgeClock('the registry', new Date(100_000), new Date(0), 10),
    judgeNode('22.1.0'),
    judgeDisk('/data', 100 * 1024 ** 3),
    judgeHaproxy('2.6.12'),
    judgePort('FAIRWAY_PORT', '127.0.0.1:7420', 'fairway'),
    judgeClock('the registry', new Date(1000), new Date(0), 10),
  ]
  for (const finding of findings) expect(finding.mend === undefined).toBe(finding.status === 'ok')
  expect(findings.map(({ status }) => status[0]).join('')).toBe('ffwfowwwffffooooo')
})
