// Whether a request carries an API key whose SHA-256 stands in the file. The keys themselves lie with the clients only.
// njs as old as Debian 12's (0.7.9) runs this file.

import crypto from 'crypto';
import fs from 'fs';

const FILE = '/keys/keys.sha256';
const OPEN = ['/healthz', '/status']; // whether the server is well; the second is how the proxy finds out, inside

/** "known" or nothing. */
function verdict(r) {
    if (OPEN.indexOf(r.uri) >= 0) return 'known';
    const key = r.headersIn['X-Api-Key'];
    if (!key) return '';
    let lines;
    try {
        lines = fs.readFileSync(FILE, 'utf8').split('\n'); // each time: a key comes and goes without a restart
    } catch (error) {
        r.error(`nobody is let in: ${FILE} cannot be read: ${error.message}`);
        return '';
    }
    // How long this takes tells of sums at most, and no sum leads back to its key.
    const sum = crypto.createHash('sha256').update(key).digest('hex');
    return lines.some((line) => line.trim().split(' ')[0].toLowerCase() === sum) ? 'known' : '';
}

export default { verdict };
