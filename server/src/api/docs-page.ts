import { createHash } from 'node:crypto'
import type { OpenApi } from './openapi.ts'

/**
 * The API reference as one static page: no script, no outside resource. `policy` is its content security policy.
 */
export function docsPage(document: OpenApi): { html: string; policy: string } {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const tags = [...new Set(operations.map(({ operation }) => tagOf(operation)))].sort()
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => tagOf(operation) === tag)
    return `<section id="${slug(tag)}"><h2>${escaped(tag)}</h2>${own.map(operationHtml).join('')}</section>`
  })
  const menu = tags.map((tag) => `<a href="#${slug(tag)}">${escaped(tag)}</a>`).join('')
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Fairway API</title>
<style>${STYLE}</style></head><body><nav><b>Fairway API</b>${menu}<a href="/v1/openapi.json">openapi.json</a></nav>
<main><h1>Fairway API</h1><p>${escaped(String(document.info.description))}</p>${sections.join('')}
<section id="schemas"><h2>Schemas</h2>${schemasHtml(document)}</section></main></body></html>`
  const hash = createHash('sha256').update(STYLE).digest('base64')
  return {
    html,
    policy: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; frame-ancestors 'none'`,
  }
}

type Operation = { path: string; method: string; operation: Record<string, unknown> }

const tagOf = (operation: Record<string, unknown>): string => (operation.tags as string[])[0] ?? ''

function operationHtml({ path, method, operation }: Operation): string {
  const parameters = operation.parameters as {
    name: string
    in: string
    description?: string
    schema: unknown
  }[]
  const rows = parameters.map(
    (one) =>
      `<tr><td><code>${escaped(one.name)}</code></td><td>${one.in}</td><td>${escaped(one.description ?? '')}</td>` +
      `<td><code>${escaped(JSON.stringify(one.schema))}</code></td></tr>`,
  )
  const table = rows.length === 0 ? '' : `<table>${rows.join('')}</table>`
  return `<details id="${escaped(String(operation.operationId))}"><summary><b class="${method}">${method.toUpperCase()}</b>
<code>${escaped(path)}</code> <span>${escaped(String(operation.summary))}</span></summary>
<p>${escaped(String(operation.description))}</p>${table}
${block('Body', operation.requestBody)}${block('Answers', operation.responses)}</details>`
}

const block = (title: string, value: unknown): string =>
  value === undefined ? '' : `<h4>${title}</h4><pre>${linked(JSON.stringify(value, null, 2))}</pre>`

const schemasHtml = ({ components }: OpenApi): string =>
  Object.entries(components.schemas)
    .map(
      ([name, schema]) =>
        `<details id="schema-${slug(name)}"><summary><code>${escaped(name)}</code></summary>` +
        `<pre>${linked(JSON.stringify(schema, null, 2))}</pre></details>`,
    )
    .join('')

const linked = (json: string): string =>
  escaped(json).replaceAll(
    /#\/components\/schemas\/([\w.]+)/g,
    (all, name: string) => `<a href="#schema-${slug(name)}">${all}</a>`,
  )

const slug = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{margin:0;display:grid;grid-template-columns:14rem 1fr}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1rem;box-sizing:border-box;display:flex;flex-direction:column;gap:.3rem}
main{padding:1rem 2rem;max-width:70rem;min-width:0}
summary{cursor:pointer;padding:.3rem 0}summary b{display:inline-block;min-width:4.5rem}summary span{opacity:.75}
.get{color:#1d7bd8}.post{color:#23924a}.put,.patch{color:#b07100}.delete{color:#cc3b3b}
details{border-bottom:1px solid #8884}pre{overflow:auto;padding:1rem;background:#8881;border-radius:.4rem;font-size:.8rem}
table{border-collapse:collapse;font-size:.85rem}td{padding:.2rem .8rem .2rem 0;vertical-align:top;overflow-wrap:anywhere}
a{color:inherit}@media(max-width:50rem){body{grid-template-columns:1fr}nav{position:static;height:auto}}`
