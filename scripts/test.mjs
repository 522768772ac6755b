// `npm test`: types, lint and format, then every test. The last line counts checks and tests together.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, install, root, run } from './prepare.mjs'

const bin = (name) => join(root, 'node_modules', '.bin', name)
const totals = { passed: 0, failed: 0, skipped: 0 }

function check(title, step) {
  console.log(`\n▶ ${title}`)
  const { ok, seconds } = step()
  console.log(`${ok ? '✓' : '✗'} ${title} (${seconds.toFixed(1)} s)`)
  totals[ok ? 'passed' : 'failed'] += 1
  return ok
}

function tests() {
  const folder = mkdtempSync(join(tmpdir(), 'fairway-test-report-'))
  const report = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  // Tests start programs of ours again and again: what was built just now starts in half the time.
  const env = { ...process.env, FAIRWAY_TEST_BUILT: '1' }
  const result = run(bin('vitest'), ['run', ...reporters, ...process.argv.slice(2)], { env })
  count(report)
  rmSync(folder, { recursive: true })
  return result
}

function count(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'))
    totals.passed += report.numPassedTests
    totals.failed += report.numFailedTests
    totals.skipped += report.numPendingTests + report.numTodoTests
    slowest(report)
    failures(report)
  } catch (error) {
    console.error(`The test runner left no report: ${error.message}`)
  }
}

function slowest({ testResults }) {
  const files = testResults
    .map(({ name, startTime, endTime }) => ({ name: name.slice(root.length + 1), ms: endTime - startTime }))
    .sort((a, b) => b.ms - a.ms)
  console.log('\nThe slowest test files:')
  for (const { name, ms } of files.slice(0, 10))
    console.log(`  ${(ms / 1000).toFixed(1).padStart(6)} s  ${name}`)
}

const MESSAGE_LINES = 12

/** Last, and short: of a long log often only the end is kept. */
function failures({ testResults }) {
  for (const { name, message, assertionResults } of testResults) {
    const failed = assertionResults.filter(({ status }) => status === 'failed')
    const said = failed.map(({ fullName, failureMessages }) => [fullName, failureMessages.join('\n')])
    if (failed.length === 0 && message) said.push(['the file itself', message])
    for (const [title, text] of said) {
      console.log(`\nFailed: ${name.slice(root.length + 1)}\n  ${title}`)
      for (const line of text.split('\n').slice(0, MESSAGE_LINES)) console.log(`    ${line.slice(0, 300)}`)
    }
  }
}

install()
const built = check('types and build', build)
check('lint and format', () => run(bin('biome'), ['check', '--error-on-warnings', '.']))
if (built) check('tests', tests)
else console.log('The tests were not run: the build failed.')

console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exit(totals.failed === 0 ? 0 : 1)
