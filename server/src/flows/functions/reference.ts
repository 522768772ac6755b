import type { FlowFunction } from './function.ts'
import { flowFunctions } from './table.ts'

const INTRO = `# Functions in release flows

Written from the table of functions by \`npm run reference\`; do not edit.

Any text of a release flow may hold expressions:

| form | gives |
|---|---|
| \`\${refs.<ref>.<field>}\` | what an earlier step of that ref answered; dotted paths and indexes: \`\${refs.web.ports.0.dns}\` |
| \`\${args.NAME}\` | an argument of the run, else the document's default |
| \`\${loop.item}\`, \`\${loop.item.<field>}\`, \`\${loop.index}\` | the item and number (from 0) of the iteration around the step |
| \`\${fn.name(argument, ...)}\` | what a function gives; arguments are expressions, \`'text'\`, numbers, true, false, null, and nest |
| \`\${{secrets...}}\` | stays as it is, for the running container |
| \`\\\${\` | a dollar and a brace |

A text that is exactly one expression becomes its value with its type. In a longer text the value is written as text,
arrays and objects as JSON. What does not resolve fails the step (the check before a run finds most of it); inside a
function it counts as false. A text with expressions has at most 20,000 characters, calls nest at most 20 deep, and a
result has at most 200,000 characters.
`

/** The reference page of all functions, as Markdown. */
export function functionsReference(): string {
  const groups = [...new Set(flowFunctions.map(({ group }) => group))]
  const sections = groups.map((group) => {
    const entries = flowFunctions.filter((entry) => entry.group === group)
    return `## ${group}\n\n${entries.map(sectionOf).join('\n')}`
  })
  return [INTRO, ...sections].join('\n')
}

function sectionOf(entry: FlowFunction): string {
  const head = `### \`fn.${entry.name}(${entry.signature})\`\n\n${entry.doc}\n`
  const lines = entry.examples.map(([call, gives]) => `- \`\${${call}}\` → \`${JSON.stringify(gives)}\``)
  return lines.length === 0 ? head : `${head}\n${lines.join('\n')}\n`
}
