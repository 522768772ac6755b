import { describe, expect, test } from 'vitest'
import { documentOf, type GitopsWorld, json, linked, withWorker } from './gitops-test-project.ts'

describe('a conflict', () => {
  const conflicting = (work: (world: GitopsWorld) => Promise<void>) =>
    withWorker(async (world) => {
      await linked(world)
      // Told to nobody: the save finds it there.
      await world.commit({ 'flow.json': json(documentOf(10)) })
      await world.save(documentOf(20))
      await world.reaches('conflict')
      await work(world)
    })

  test('overwrites neither side, and shows both', () =>
    conflicting(async (world) => {
      expect(JSON.parse(await world.fileInGit())).toEqual(documentOf(10))
      expect(await world.flow()).toMatchObject({ document: documentOf(20) })
      expect(JSON.parse((await world.link()).seen_text ?? '')).toEqual(documentOf(10))
      expect(await world.history()).toHaveLength(3)
    }))

  test('ends with git taken: the file becomes the newest version, the other stays in the history', () =>
    conflicting(async (world) => {
      await world.resolve('git')
      await world.reaches('in-sync')
      expect(await world.versions()).toMatchObject([
        {},
        { document: documentOf(20) },
        { document: documentOf(10) },
      ])
      expect(JSON.parse(await world.fileInGit())).toEqual(documentOf(10))
    }))

  test('ends with Fairway taken: a commit on top of the other one', () =>
    conflicting(async (world) => {
      await world.resolve('fairway')
      await world.reaches('in-sync')
      expect(JSON.parse(await world.fileInGit())).toEqual(documentOf(20))
      expect((await world.history()).slice(0, 2)).toEqual([
        'Bob: Update release flow shop/Production (version 2)',
        'Gil: Change files',
      ])
      expect(await world.versions()).toHaveLength(2)
    }))

  test('a decision holds for what was looked at only: a later push is a conflict again', () =>
    conflicting(async (world) => {
      const seen = (await world.link()).head_sha ?? ''
      const { after } = await world.commit({ 'flow.json': json(documentOf(11)) })
      await world.resolve('fairway', seen)
      await world.reaches('conflict', ({ head_sha }) => head_sha === after)
      await world.idle()
      expect(JSON.parse(await world.fileInGit())).toEqual(documentOf(11))
      await expect(world.resolve('fairway', seen)).rejects.toMatchObject({ code: 'conflict' })
    }))

  test('a file that was deleted is written again only when Fairway is taken', () =>
    withWorker(async (world) => {
      await linked(world)
      await world.push({ 'flow.json': null })
      expect((await world.reaches('conflict')).message).toMatch(/deleted/)
      await expect(world.resolve('git')).rejects.toMatchObject({ code: 'invalid_state' })
      await world.resolve('fairway')
      await world.reaches('in-sync')
      expect(JSON.parse(await world.fileInGit())).toEqual(documentOf(1))
    }))
})
