// The module `usb_wire`: the serial port as the press wants it (drivers/usb_serial.py), in the place of MicroPython's shared/tinyusb code.
//
// While somebody listens, packets are taken as long as there is room in a queue, and then the host is held back (NAK): so a stop byte is
// kept waiting by nothing that came before it and was not asked for yet. The queue lies in the controller's own memory, which has more than
// three endpoints need. What is sent goes to the controller straight from where it lies, in transfers of many packets. And what must wait
// for nothing is seen in the interrupt itself: the stop byte in a packet that has just come, and the request SEND_BREAK, which needs no
// packet at all.
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"
#include "shared/tinyusb/mp_usbd.h"
#include "shared/tinyusb/mp_usbd_cdc.h"
#include "wire_parts.h"
#ifndef NO_QSTR // the pass that collects names knows no TinyUSB
#include "tusb.h"
#include "device/dcd.h"
#include "device/usbd_pvt.h"
#include "hardware/structs/usb.h"
#endif

#define PACKET 64
#define TRANSFER 1024 // at most: half of the ring that it lies in, so that the other half is filled meanwhile
#define TO_INTERFACE 0x21 // a class request, host to interface
#define DTR 1
#define STOP_BYTE 0x18
#define BREAK_BYTE 0x03

static volatile uint32_t *stop_word;             // is set to 1 by whatever stops; NULL while nobody listens
static volatile bool broke, hung_up;             // since somebody has last asked
static uint16_t came, given;                     // bytes that went into the queue and out of it, since the start
static uint16_t gone, sending, following;        // bytes towards the host: over and not told yet, of the transfer, of the one behind it
static const uint8_t *next;                      // where that begins

// Endpoints 0 - 2 end at 0x2C0 (RP2040 datasheet 4.1.2.5; TinyUSB takes two packets for each bulk endpoint); from 0xC00 on an RP2350 keeps
// the tick's words there (boards/chips.toml).
#define QUEUE_AT 0x400
#define QUEUE 2048 // a power of two
#define queued(n) (((uint8_t *)usb_dpram)[QUEUE_AT + ((n) & (QUEUE - 1))])

static void look_at(uint32_t event) {
    if (stop_word == NULL) {
        return;
    }
    if (event == DCD_EVENT_BUS_RESET) { // a cable that was pulled: no host has said that it goes
        hung_up = true;
    } else if (event == DCD_EVENT_SETUP_RECEIVED) {
        volatile uint8_t *setup = usb_dpram->setup_packet;
        if (setup[0] == TO_INTERFACE && setup[1] == CDC_REQUEST_SEND_BREAK && (setup[2] | setup[3])) {
            *stop_word = 1;
            broke = true;
        } else if (setup[0] == TO_INTERFACE && setup[1] == CDC_REQUEST_SET_CONTROL_LINE_STATE && !(setup[2] & DTR)) {
            hung_up = true;
        }
    } else if (event == DCD_EVENT_XFER_COMPLETE) {
        volatile uint32_t *control = &usb_dpram->ep_buf_ctrl[USBD_CDC_EP_OUT].out;
        uint32_t is = *control;
        if ((is & USB_BUF_CTRL_FULL) && !(is & USB_BUF_CTRL_AVAIL)) { // a packet has come, and nobody has looked at it
            *control = is & ~USB_BUF_CTRL_FULL;
            volatile uint8_t *data = (uint8_t *)usb_dpram + (usb_dpram->ep_ctrl[USBD_CDC_EP_OUT - 1].out & 0xFFC0);
            for (uint32_t n = is & USB_BUF_CTRL_LEN_MASK; n; n--) {
                if (*data++ == STOP_BYTE) {
                    *stop_word = 1;
                    break;
                }
            }
        }
    }
}

void tud_event_hook_cb(uint8_t port, uint32_t event, bool in_isr) {
    (void)port;
    (void)in_isr;
    look_at(event);
    #if MICROPY_VERSION_MINOR >= 26 // before, the linker wraps TinyUSB's handler with that
    mp_usbd_schedule_task();
    mp_hal_wake_main_task_from_isr();
    #endif
}

static void fetch(void) {
    uint8_t packet[PACKET];
    uint32_t n;
    while ((uint16_t)(came - given) <= QUEUE - PACKET && (n = tud_cdc_read(packet, PACKET))) { // and TinyUSB asks the host for the next
        for (uint32_t i = 0; i < n; i++) {
            queued(came++) = packet[i];
        }
    }
}

// -- the prompt's ends: what comes goes into MicroPython's own queue ------------------------------------------------------------------

static void to_prompt(void) {
    while (ringbuf_free(&stdin_ringbuf) && (came != given || tud_cdc_available())) {
        int c = came != given ? queued(given++) : tud_cdc_read_char(); // what was fetched and not given away first of all
        if (c == mp_interrupt_char) {
            stdin_ringbuf.iget = stdin_ringbuf.iput = 0;
            mp_sched_keyboard_interrupt();
        } else {
            ringbuf_put(&stdin_ringbuf, c);
        }
    }
}

void tud_cdc_rx_cb(uint8_t itf) {
    (void)itf;
    if (stop_word == NULL) {
        to_prompt();
    } else {
        fetch();
    }
}

uintptr_t mp_usbd_cdc_poll_interfaces(uintptr_t flags) {
    mp_usbd_task();
    if (stop_word == NULL) {
        to_prompt();
    }
    uintptr_t is = 0;
    if ((flags & MP_STREAM_POLL_RD) && ringbuf_peek(&stdin_ringbuf) != -1) {
        is |= MP_STREAM_POLL_RD;
    }
    if ((flags & MP_STREAM_POLL_WR) && (!tud_cdc_connected() || tud_cdc_write_available())) {
        is |= MP_STREAM_POLL_WR;
    }
    return is;
}

mp_uint_t mp_usbd_cdc_tx_strn(const char *text, mp_uint_t length) {
    mp_uint_t done = 0;
    mp_uint_t began = mp_hal_ticks_ms();
    while (tusb_inited() && done < length) {
        uint32_t n = tud_cdc_write(text + done, length - done);
        tud_cdc_write_flush();
        done += n;
        if (!n && (stop_word != NULL || mp_hal_ticks_ms() - began > 500)) {
            break; // a press waits for nobody
        }
        mp_usbd_task();
    }
    return done;
}

// -- the press's ends -----------------------------------------------------------------------------------------------------------------

static mp_obj_t usb_wire_listen(mp_obj_t address) {
    came = given = gone = sending = following = 0;
    broke = hung_up = false;
    stop_word = (volatile uint32_t *)mp_obj_get_int_truncated(address);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(usb_wire_listen_obj, usb_wire_listen);

// From now on what comes is the prompt's.
static mp_obj_t usb_wire_quiet(void) {
    stop_word = NULL;
    to_prompt();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(usb_wire_quiet_obj, usb_wire_quiet);

// How many bytes came into the beginning of a buffer: nothing behind a break byte.
static mp_obj_t usb_wire_read(mp_obj_t into) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(into, &buf, MP_BUFFER_WRITE);
    fetch();
    size_t n = 0;
    while (n < buf.len && given != came) {
        uint8_t c = queued(given++);
        ((uint8_t *)buf.buf)[n++] = c;
        if (c == BREAK_BYTE) {
            break;
        }
    }
    return MP_OBJ_NEW_SMALL_INT(n);
}
static MP_DEFINE_CONST_FUN_OBJ_1(usb_wire_read_obj, usb_wire_read);

static void transfer(const uint8_t *data, size_t n) {
    n = MIN(n, TRANSFER);
    if (n && tud_ready() && usbd_edpt_claim(0, USBD_CDC_EP_IN) && usbd_edpt_xfer(0, USBD_CDC_EP_IN, (uint8_t *)data, n)) {
        sending = n;
    }
}

// A transfer is over: the one behind it goes without waiting for anybody's pass.
void tud_cdc_tx_complete_cb(uint8_t itf) {
    (void)itf;
    gone += sending;
    sending = 0;
    transfer(next, following);
    following = 0;
}

// How many of the `n` bytes in the ring from `start` on are gone; of the others as many as may be are on their way: they must stay where
// they are.
static size_t offered(const uint8_t *ring, size_t mask, size_t start, size_t n) {
    if (sending && !usbd_edpt_busy(0, USBD_CDC_EP_IN)) { // the bus was reset: what was to follow is nothing for the next host either
        gone += sending + following;
        sending = following = 0;
    }
    size_t told = gone;
    gone = 0;
    if (!sending && n > told) {
        size_t at = (start + told) & mask;
        transfer(ring + at, MIN(n - told, mask + 1 - at));
    }
    if (sending && n > told + sending) {
        size_t at = (start + told + sending) & mask;
        next = ring + at;
        following = MIN(MIN(n - told - sending, mask + 1 - at), TRANSFER);
    }
    return told;
}

// offer(ring, start, n)
static mp_obj_t usb_wire_offer(mp_obj_t ring_in, mp_obj_t start, mp_obj_t n) {
    mp_buffer_info_t ring;
    mp_get_buffer_raise(ring_in, &ring, MP_BUFFER_READ);
    return MP_OBJ_NEW_SMALL_INT(offered(ring.buf, ring.len - 1, mp_obj_get_int(start), MIN((size_t)mp_obj_get_int(n), ring.len)));
}
static MP_DEFINE_CONST_FUN_OBJ_3(usb_wire_offer_obj, usb_wire_offer);

// asked(texts, rest): which of these questions has come and nothing else, as question_in says: it is taken. -2 if nothing has come.
static mp_obj_t usb_wire_asked(mp_obj_t texts_in, mp_obj_t rest_in) {
    mp_buffer_info_t texts, rest;
    mp_get_buffer_raise(texts_in, &texts, MP_BUFFER_READ);
    mp_get_buffer_raise(rest_in, &rest, MP_BUFFER_WRITE);
    fetch();
    uint16_t n = came - given;
    if (broke || hung_up || n == 0) {
        return MP_OBJ_NEW_SMALL_INT(broke || hung_up ? -1 : -2);
    }
    int32_t found = question_in(texts.buf, texts.len, &queued(0), QUEUE - 1, given, n, rest.buf, rest.len);
    if (found >= 0) {
        given += n;
    }
    return MP_OBJ_NEW_SMALL_INT(found);
}
static MP_DEFINE_CONST_FUN_OBJ_2(usb_wire_asked_obj, usb_wire_asked);

// log_asked(block): as wire_parts.h says; the line is taken then.
static mp_obj_t usb_wire_log_asked(mp_obj_t block) {
    fetch();
    uint16_t n = came - given;
    int32_t seq = broke || hung_up ? -1 : log_asked(&queued(0), QUEUE - 1, given, n, mp_obj_get_int(block));
    if (seq >= 0) {
        given += n;
    }
    return MP_OBJ_NEW_SMALL_INT(seq);
}
static MP_DEFINE_CONST_FUN_OBJ_1(usb_wire_log_asked_obj, usb_wire_log_asked);

static mp_obj_t usb_wire_held(void) {
    return MP_OBJ_NEW_SMALL_INT(gone + sending + following);
}
static MP_DEFINE_CONST_FUN_OBJ_0(usb_wire_held_obj, usb_wire_held);

// Whether there was a break, or the port was closed, since this was last asked: 1, 2, or both.
static mp_obj_t usb_wire_told(void) {
    mp_int_t told = (broke ? 1 : 0) | (hung_up ? 2 : 0);
    broke = hung_up = false;
    return MP_OBJ_NEW_SMALL_INT(told);
}
static MP_DEFINE_CONST_FUN_OBJ_0(usb_wire_told_obj, usb_wire_told);

// Whether nothing has come, nothing was told and nothing has gone since the press last looked.
static mp_obj_t usb_wire_idle(void) {
    bool over = gone || (sending && !usbd_edpt_busy(0, USBD_CDC_EP_IN));
    return mp_obj_new_bool(!over && !broke && !hung_up && came == given && !tud_cdc_available());
}
static MP_DEFINE_CONST_FUN_OBJ_0(usb_wire_idle_obj, usb_wire_idle);

// -- records of the log (stackpress_core/log/sectors.py whole_records, which says the same) ------------------------------------------------

// whole_records(buffer, room, seq)
static mp_obj_t usb_wire_whole_records(mp_obj_t buffer, mp_obj_t room_in, mp_obj_t seq) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(buffer, &buf, MP_BUFFER_READ);
    size_t room = MIN((size_t)mp_obj_get_int(room_in), buf.len);
    uint32_t after;
    size_t n = whole_records(buf.buf, room, mp_obj_get_int_truncated(seq), &after);
    mp_obj_t found[] = { MP_OBJ_NEW_SMALL_INT(n), mp_obj_new_int_from_uint(after),
        mp_obj_new_bool(is_erased((const uint8_t *)buf.buf + n, room - n)) };
    return mp_obj_new_tuple(3, found);
}
static MP_DEFINE_CONST_FUN_OBJ_3(usb_wire_whole_records_obj, usb_wire_whole_records);

// close_block(ring, start, length): a block's head and CRC in a ring (scpi/plain_line.py). It is sent from `start` on, and nothing else
// waits to be: so what fills whole packets goes while the CRC is made.
static mp_obj_t usb_wire_close_block(mp_obj_t ring, mp_obj_t start_in, mp_obj_t length) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(ring, &buf, MP_BUFFER_WRITE);
    size_t start = MIN(mp_obj_get_int(start_in), BLOCK_HEAD);
    size_t n = MIN((size_t)mp_obj_get_int(length), buf.len - BLOCK_HEAD - CRC_BYTES - 1);
    put_block_head(buf.buf, n);
    if (!sending) {
        transfer((uint8_t *)buf.buf + start, (BLOCK_HEAD + n - start) & ~(PACKET - 1));
    }
    put_block_end(buf.buf, n);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(usb_wire_close_block_obj, usb_wire_close_block);

// -- rows of numbers (stackpress_core/scpi/plain_line.py, which says the same) ------------------------------------------------------------

// rows(ring, mask, at, table, marks): whole rows as long as there is room; how many bytes that is.
static mp_obj_t usb_wire_rows(size_t count, const mp_obj_t *given) {
    (void)count;
    mp_buffer_info_t ring, table, marks;
    mp_get_buffer_raise(given[0], &ring, MP_BUFFER_WRITE);
    mp_get_buffer_raise(given[3], &table, MP_BUFFER_READ);
    mp_get_buffer_raise(given[4], &marks, MP_BUFFER_WRITE);
    return MP_OBJ_NEW_SMALL_INT(put_rows(ring.buf, mp_obj_get_int(given[1]), mp_obj_get_int(given[2]), table.buf, marks.buf));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(usb_wire_rows_obj, 5, 5, usb_wire_rows);

#define STAY_MS 8
#define STALLS_MS 3 // a transfer takes one
#define ROWS_AT_ONCE 256 // bytes: a transfer that is over does not wait long for the next

// stream(ring, place, table, marks): rows are made while others are sent, as long as the host takes them and for STAY_MS at most: how many
// bytes are gone. The place: start, bytes that wait, and the byte behind the last row, which becomes 0 when it is there.
static mp_obj_t usb_wire_stream(size_t count, const mp_obj_t *given) {
    (void)count;
    mp_buffer_info_t buf, at, table, marked;
    mp_get_buffer_raise(given[0], &buf, MP_BUFFER_WRITE);
    mp_get_buffer_raise(given[1], &at, MP_BUFFER_WRITE);
    mp_get_buffer_raise(given[2], &table, MP_BUFFER_READ);
    mp_get_buffer_raise(given[3], &marked, MP_BUFFER_WRITE);
    uint8_t *ring = buf.buf;
    int32_t *place = at.buf, *marks = marked.buf;
    uint32_t mask = buf.len - 1, whole = 0, began = mp_hal_ticks_ms(), last = began;
    do {
        marks[ROW_ROOM] = MIN(mask - place[1], ROWS_AT_ONCE);
        place[1] += put_rows(ring, mask, place[0] + place[1], table.buf, marks);
        if (place[2] && marks[NEXT_ROW] == marks[ROWS_END] && place[1] < (int32_t)mask) {
            ring[(place[0] + place[1]++) & mask] = place[2];
            place[2] = 0;
        }
        mp_usbd_task();
        uint32_t told = offered(ring, mask, place[0], place[1]);
        place[0] = (place[0] + told) & mask;
        place[1] -= told;
        whole += told;
        last = told ? mp_hal_ticks_ms() : last;
    } while (place[1] && mp_hal_ticks_ms() - began < STAY_MS && mp_hal_ticks_ms() - last < STALLS_MS);
    return MP_OBJ_NEW_SMALL_INT(whole);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(usb_wire_stream_obj, 4, 4, usb_wire_stream);

static const mp_rom_map_elem_t usb_wire_names[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_usb_wire) },
    { MP_ROM_QSTR(MP_QSTR_listen), MP_ROM_PTR(&usb_wire_listen_obj) },
    { MP_ROM_QSTR(MP_QSTR_quiet), MP_ROM_PTR(&usb_wire_quiet_obj) },
    { MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&usb_wire_read_obj) },
    { MP_ROM_QSTR(MP_QSTR_offer), MP_ROM_PTR(&usb_wire_offer_obj) },
    { MP_ROM_QSTR(MP_QSTR_held), MP_ROM_PTR(&usb_wire_held_obj) },
    { MP_ROM_QSTR(MP_QSTR_idle), MP_ROM_PTR(&usb_wire_idle_obj) },
    { MP_ROM_QSTR(MP_QSTR_whole_records), MP_ROM_PTR(&usb_wire_whole_records_obj) },
    { MP_ROM_QSTR(MP_QSTR_close_block), MP_ROM_PTR(&usb_wire_close_block_obj) },
    { MP_ROM_QSTR(MP_QSTR_asked), MP_ROM_PTR(&usb_wire_asked_obj) },
    { MP_ROM_QSTR(MP_QSTR_log_asked), MP_ROM_PTR(&usb_wire_log_asked_obj) },
    { MP_ROM_QSTR(MP_QSTR_rows), MP_ROM_PTR(&usb_wire_rows_obj) },
    { MP_ROM_QSTR(MP_QSTR_stream), MP_ROM_PTR(&usb_wire_stream_obj) },
    { MP_ROM_QSTR(MP_QSTR_told), MP_ROM_PTR(&usb_wire_told_obj) },
};
static MP_DEFINE_CONST_DICT(usb_wire_globals, usb_wire_names);

const mp_obj_module_t usb_wire_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&usb_wire_globals,
};
MP_REGISTER_MODULE(MP_QSTR_usb_wire, usb_wire_module);
