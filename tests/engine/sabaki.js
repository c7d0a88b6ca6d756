// Plays and analyses with an engine through @sabaki/gtp, and prints its observations as JSON.
// node sabaki.js FOLDER_OF_THE_PACKAGE ENGINE ARGUMENTS...

const [folder, engine, ...args] = process.argv.slice(2)
const {Controller, ControllerStateTracker} = require(folder)

async function main() {
  const controller = new Controller(engine, args)
  const tracker = new ControllerStateTracker(controller)
  const ask = async (name, ...words) => (await controller.sendCommand({name, args: words})).content
  const found = {}
  let stopped = false
  controller.on('stopped', () => (stopped = true))
  controller.start()

  found.name = await ask('name')
  found.knows = {}
  for (const name of ['lz-analyze', 'kata-genmove_analyze', 'dance']) {
    found.knows[name] = await tracker.knowsCommand(name)
  }

  await tracker.sync({komi: 7, boardsize: [5, 5], history: []})
  found.moves = []
  for (let ply = 0; ply < 12; ply++) {
    found.moves.push(await ask('genmove', 'BW'[ply % 2]))
  }
  await new Promise(resolve => setTimeout(resolve, 50))
  found.history = tracker.state.history.length
  found.score = await ask('final_score')

  for (const style of ['lz', 'kata']) {
    const lines = []
    const answer = await new Promise(resolve => {
      const done = controller.sendCommand({name: `${style}-analyze`, args: ['B', '5']}, ({line}) => {
        if (line.startsWith('info')) lines.push(line)
        if (lines.length === 3) controller.process.stdin.write('\n')
      })
      done.then(resolve)
    })
    found[`${style} aborted`] = !answer.error
    found[`${style} lines`] = lines
    controller.sendCommand({name: `${style}-analyze`, args: ['W', '5']})
    found[`${style} after`] = await ask('name')
  }

  const history = (...moves) => moves.map(([color, vertex]) => ({name: 'play', args: [color, vertex]}))
  const played = async () => (await ask('move_history')).split('\n').reverse()
  await tracker.sync({komi: 7, boardsize: [5, 5], history: history(['B', 'C3'], ['W', 'D4'])})
  found.synced = await played()
  await tracker.sync({komi: 7, boardsize: [5, 5], history: history(['B', 'C3'], ['W', 'B2'])})
  found.resynced = await played()
  found.genmove_analyze = (await ask('lz-genmove_analyze', 'B', '5')).trim().split('\n')

  await controller.stop()
  found.stopped = stopped
  console.log(JSON.stringify(found))
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
