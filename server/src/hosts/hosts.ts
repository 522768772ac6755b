import type { GitHosts } from '../operations/triggers/git-host-port.ts'
import { bitbucket } from './bitbucket.ts'
import { generic } from './generic.ts'
import { gitea } from './gitea.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'

export const gitHosts: GitHosts = { github, gitlab, bitbucket, gitea, generic }
