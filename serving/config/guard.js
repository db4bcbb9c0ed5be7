// Refuses what ends a batching TF Serving before its graph runs, and passes everything else on unchanged.
// With allowed_batch_sizes the server fills a batch up with its first row; a batch without rows ends the process.
// njs as old as Debian 12's (0.7.9) runs this file: no destructuring.

const FILMS = 64; // of a request; the graph decodes up to eight of them at once
const MOST = 4096; // lists and objects of a JSON request, its escapes, fields of a gRPC one: bounds depth and time
const OUTSIDE = 65536; // bytes of JSON outside of strings, which are gone through one by one
const VARINT = 9; // bytes: 63 bits; a tenth can wrap a size around to 0
const QUOTE = 0x22;
const COLON = 0x3a;
const LIST = 0x5b; // [
const BACKSLASH = 0x5c;
const END = 0x5d; // ]
const OBJECT = 0x7b; // {
const OBJECT_END = 0x7d; // }
const BYTES = 2; // protobuf's wire type of strings and messages
const STRING = 7; // TensorFlow's DT_STRING

/** REST predict: JSON that holds neither an empty list nor more than FILMS films. */
function rest(r) {
    const encoding = r.headersIn['Content-Encoding'];
    if (encoding && encoding.toLowerCase() !== 'identity') {
        // The server would unpack it behind this guard's back.
        r.headersOut['Content-Type'] = 'application/json';
        r.return(415, JSON.stringify({ error: `Content-Encoding ${encoding} is not taken; send plain JSON` }));
        return;
    }
    const fault = jsonFault(r.requestBuffer || Buffer.alloc(0));
    if (fault) {
        r.headersOut['Content-Type'] = 'application/json';
        r.return(400, JSON.stringify({ error: fault }));
        return;
    }
    r.internalRedirect('@rest');
}

/** gRPC Predict: one uncompressed message with one tensor of 1 to FILMS strings, each of which is there. */
function grpc(r) {
    let fault;
    try {
        fault = frameFault(r.requestBuffer || Buffer.alloc(0));
    } catch (error) {
        fault = error.message;
    }
    if (fault) {
        r.headersOut['Content-Type'] = 'application/grpc';
        r.headersOut['grpc-status'] = '3'; // INVALID_ARGUMENT
        r.headersOut['grpc-message'] = fault;
        r.return(200);
        return;
    }
    r.internalRedirect('@grpc');
}

/** 200 while the server says AVAILABLE of a version, else 503. */
async function healthz(r) {
    const reply = await r.subrequest('/status');
    const available = reply.status === 200 && reply.responseText.indexOf('"AVAILABLE"') >= 0;
    r.headersOut['Content-Type'] = 'text/plain';
    r.return(available ? 200 : 503, available ? 'ok\n' : 'no version is available\n');
}

function jsonFault(body) {
    let depth = 0;
    let lists = 0;
    let films = 0; // strings that are no keys, but for those at the top: signature_name is one
    let outside = 0;
    let last = 0;
    const seen = { escapes: 0 };
    for (let at = 0; at < body.length; at++) {
        const byte = body[at];
        if (++outside > OUTSIDE) return `more than ${OUTSIDE} bytes outside of strings; send films as strings`;
        if (isSpace(byte)) continue;
        if (byte === LIST || byte === OBJECT) {
            if (++lists > MOST) return `more than ${MOST} lists and objects; send fewer films at once`;
            depth++;
        } else if (byte === END || byte === OBJECT_END) {
            if (byte === END && last === LIST) return 'an empty list; send at least one film';
            depth--;
        } else if (byte === QUOTE) {
            const end = endOfString(body, at, seen);
            if (end.fault) return end.fault;
            at = end.at;
            if (depth > 1) films++;
        } else if (byte === COLON && last === QUOTE && depth > 1) {
            films--; // it was a key
        }
        last = byte;
    }
    return films > FILMS ? tooManyFilms() : null;
}

/** Where the string ends that begins at `from`: at a quote before which stands an even number of backslashes. */
function endOfString(body, from, seen) {
    for (let at = body.indexOf(QUOTE, from + 1); at >= 0; at = body.indexOf(QUOTE, at + 1)) {
        let first = at;
        while (body[first - 1] === BACKSLASH) {
            first--;
            if (++seen.escapes > MOST) return { fault: `more than ${MOST} backslashes at quotes; send films in base64` };
        }
        if ((at - first) % 2 === 0) return { at: at };
    }
    return { fault: 'a string without an end' };
}

function tooManyFilms() {
    return `more than ${FILMS} films; send fewer films at once`;
}

function isSpace(byte) {
    return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

function frameFault(body) {
    if (body.length < 5) return 'no message';
    if (body[0] !== 0) return 'a compressed message; send it uncompressed';
    if (body.readUInt32BE(1) !== body.length - 5) return 'not exactly one message';
    // PredictRequest.inputs = 2, its entry's value = 2, TensorProto.tensor_shape = 2, TensorShapeProto.dim = 2
    const message = { body: body, seen: 0, tensors: 0, type: 0, values: 1, strings: 0, empty: false };
    walk(message, 5, body.length, 4);
    if (message.empty) return 'a tensor with a dimension of 0; send at least one film';
    if (message.values > FILMS) return tooManyFilms();
    if (message.tensors === 0) return null; // the server says what is missing
    if (message.type !== STRING) return 'a tensor of another type than strings; send films as they are in their files';
    // TensorFlow fills a tensor up to its shape with copies of its last value, and each may be a film of 30 MB.
    if (message.strings !== message.values) return 'a tensor whose shape is not the number of its strings';
    return null;
}

/**
 * Multiplies the dimensions that stand `depth` messages below, each in a field 2, and counts the tensor's strings.
 * Dim.size = 1 is 0 where it is left out, and the last one counts. What holds the dimensions may stand there once only.
 */
function walk(message, from, to, depth) {
    let size = 0;
    let parts = 0;
    let at = from;
    while (at < to) {
        if (++message.seen > MOST) throw Error(`more than ${MOST} fields; send fewer films at once`);
        const tag = varint(message.body, at, to);
        const key = tag.value % 4294967296; // a parser in C++ keeps 32 bits of what may be 35
        const wire = key % 8;
        const field = (key - wire) / 8;
        at = tag.end;
        if (wire === 0) {
            const number = varint(message.body, at, to);
            at = number.end;
            if (field === 1) size = number.value;
            if (field === 1 && depth === 2) message.type = number.value; // TensorProto.dtype
        } else if (wire === BYTES) {
            const length = varint(message.body, at, to);
            at = length.end + length.value;
            if (at > to) throw Error('a message that ends too early');
            if (depth === 2 && field === 8) message.strings++; // TensorProto.string_val
            if (depth > 0 && field === 2) {
                if (depth > 1 && ++parts > 1) throw Error('more than one tensor or shape; send one');
                if (depth === 4) message.tensors++;
                walk(message, length.end, at, depth - 1);
            }
        } else if (wire === 1 || wire === 5) {
            at += wire === 1 ? 8 : 4;
        } else {
            throw Error(`protobuf's wire type ${wire}, which no client sends`);
        }
    }
    if (depth > 0) return;
    if (size === 0) message.empty = true;
    else message.values *= size;
}

function varint(body, from, to) {
    let value = 0;
    let scale = 1;
    for (let at = from; at < to && at < from + VARINT; at++) {
        value += (body[at] & 0x7f) * scale;
        if (body[at] < 0x80) return { value: value, end: at + 1 };
        scale *= 128;
    }
    throw Error('a number that is too long');
}

export default { rest, grpc, healthz };
