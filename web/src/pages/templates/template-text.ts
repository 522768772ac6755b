import { templateDocument } from '@fairway/contract/resources/template'
import { readText } from '../../flow/document-text.ts'

/** Reads a template as text, checked by the contract's own schema. */
export const readTemplate = (text: string) => readText(text, templateDocument)

/** What a new template begins with. */
export const newTemplate = (isTeam: boolean): Record<string, unknown> => ({
  apiVersion: 'v1.2',
  name: 'my-template',
  arguments: {},
  ...(isTeam && { project: { spec: { name: 'My project' } } }),
  spec: {
    kind: 'Workflow',
    spec: {
      type: 'sequential',
      steps: [
        {
          kind: 'DeploymentService',
          ref: 'web',
          spec: {
            name: 'web',
            ports: [{ name: 'http', internalPort: 3000, public: true, protocol: 'HTTP' }],
          },
        },
      ],
    },
  },
})
