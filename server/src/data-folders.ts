import { join } from 'node:path'

/** Where everything lies below the data folder. */
export const foldersOf = (dataFolder: string) => ({
  instances: join(dataFolder, 'instances'),
  artifacts: join(dataFolder, 'artifacts'),
  npmCache: join(dataFolder, 'npm-cache'),
  buildLogs: join(dataFolder, 'builds'),
  checkouts: join(dataFolder, 'checkouts'),
  gitCache: join(dataFolder, 'git-cache'),
  addons: join(dataFolder, 'addons'),
  backups: join(dataFolder, 'backups'),
  programs: join(dataFolder, 'programs'),
  volumes: join(dataFolder, 'volumes'),
  gateway: join(dataFolder, 'gateway'),
})
