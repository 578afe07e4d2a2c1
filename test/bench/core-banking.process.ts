import { startCoreBanking } from '../../apps/demo-bank/core-banking/core-banking.js';

/** The benchmark's upstream as a process of its own; says its address on stdout and ends with its parent. */
const bank = await startCoreBanking({ port: 0, seed: 'bench' });
console.log(bank.url);
process.stdin.on('end', () => process.exit(0)).resume();
