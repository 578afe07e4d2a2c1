import { tamperSuite } from '../evidence/tamper-suite.js';

tamperSuite(1_000);
