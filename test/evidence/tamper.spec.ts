import { tamperSuite } from './tamper-suite.js';

tamperSuite(100);
