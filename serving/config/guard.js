// Refuses what ends a batching TF Serving before its graph runs, and passes everything else on unchanged.
// With allowed_batch_sizes the server fills a batch up with its first row; a batch without rows ends the process.
// njs as old as Debian 12's (0.7.9) runs this file: no destructuring.

// Arrays and objects of a JSON request, fields of a gRPC one and values of its tensors: bounds depth and time, and
// memory, since TensorFlow fills a tensor up to its shape with its last value.
const MOST = 4096;
const SPACES = 64; // whitespace after a '[' that is looked through
const VARINT = 9; // bytes: 63 bits; a tenth can wrap a size around to 0
const LIST = 0x5b; // [
const END = 0x5d; // ]
const OBJECT = 0x7b; // {
const BYTES = 2; // protobuf's wire type of strings and messages

/** REST predict: the body is JSON of strings, so a '[' with nothing in it is an empty list wherever it stands. */
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

/** gRPC Predict: one uncompressed message whose tensors have neither no values nor more than MOST. */
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
    const tooMany = `more than ${MOST} lists and objects; send fewer films at once`;
    let seen = 0;
    for (let at = body.indexOf(OBJECT); at >= 0; at = body.indexOf(OBJECT, at + 1)) {
        if (++seen > MOST) return tooMany;
    }
    for (let at = body.indexOf(LIST); at >= 0; at = body.indexOf(LIST, at + 1)) {
        if (++seen > MOST) return tooMany;
        let next = at + 1;
        while (next - at <= SPACES && isSpace(body[next])) next++;
        if (next - at > SPACES || body[next] === END) return 'an empty list; send at least one film';
    }
    return null;
}

function isSpace(byte) {
    return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

function frameFault(body) {
    if (body.length < 5) return 'no message';
    if (body[0] !== 0) return 'a compressed message; send it uncompressed';
    if (body.readUInt32BE(1) !== body.length - 5) return 'not exactly one message';
    // PredictRequest.inputs = 2, its entry's value = 2, TensorProto.tensor_shape = 2, TensorShapeProto.dim = 2
    const message = { body: body, seen: 0, values: 1, empty: false };
    walk(message, 5, body.length, 4);
    if (message.empty) return 'a tensor with a dimension of 0; send at least one film';
    return message.values > MOST ? `a tensor of more than ${MOST} values; send fewer films at once` : null;
}

/**
 * Multiplies the dimensions that stand `depth` messages below, each in a field 2. Every occurrence of a field is looked
 * into, because a parser merges them; Dim.size = 1 is 0 where it is left out, and the last one counts.
 */
function walk(message, from, to, depth) {
    let size = 0;
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
        } else if (wire === BYTES) {
            const length = varint(message.body, at, to);
            at = length.end + length.value;
            if (at > to) throw Error('a message that ends too early');
            if (depth > 0 && field === 2) walk(message, length.end, at, depth - 1);
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
