// Exceptions of the DB-API, and the constants.
#include "vm/modules/dynamic/sqlite3/sqlite.h"
#include "vm/object/attributes.h"

namespace pt::sqlite {

constinit Value g_errors[kErrorClassCount];

namespace {

#define C(name) {#name, name}
const IntConstant kCodes[] = {C(SQLITE_OK),
                              C(SQLITE_ERROR),
                              C(SQLITE_INTERNAL),
                              C(SQLITE_PERM),
                              C(SQLITE_ABORT),
                              C(SQLITE_BUSY),
                              C(SQLITE_LOCKED),
                              C(SQLITE_NOMEM),
                              C(SQLITE_READONLY),
                              C(SQLITE_INTERRUPT),
                              C(SQLITE_IOERR),
                              C(SQLITE_CORRUPT),
                              C(SQLITE_NOTFOUND),
                              C(SQLITE_FULL),
                              C(SQLITE_CANTOPEN),
                              C(SQLITE_PROTOCOL),
                              C(SQLITE_EMPTY),
                              C(SQLITE_SCHEMA),
                              C(SQLITE_TOOBIG),
                              C(SQLITE_CONSTRAINT),
                              C(SQLITE_MISMATCH),
                              C(SQLITE_MISUSE),
                              C(SQLITE_NOLFS),
                              C(SQLITE_AUTH),
                              C(SQLITE_FORMAT),
                              C(SQLITE_RANGE),
                              C(SQLITE_NOTADB),
                              C(SQLITE_NOTICE),
                              C(SQLITE_WARNING),
                              C(SQLITE_ROW),
                              C(SQLITE_DONE),
                              C(SQLITE_ABORT_ROLLBACK),
                              C(SQLITE_BUSY_RECOVERY),
                              C(SQLITE_BUSY_SNAPSHOT),
                              C(SQLITE_BUSY_TIMEOUT),
                              C(SQLITE_CANTOPEN_NOTEMPDIR),
                              C(SQLITE_CANTOPEN_ISDIR),
                              C(SQLITE_CANTOPEN_FULLPATH),
                              C(SQLITE_CANTOPEN_CONVPATH),
                              C(SQLITE_CANTOPEN_SYMLINK),
                              C(SQLITE_CONSTRAINT_CHECK),
                              C(SQLITE_CONSTRAINT_COMMITHOOK),
                              C(SQLITE_CONSTRAINT_FOREIGNKEY),
                              C(SQLITE_CONSTRAINT_FUNCTION),
                              C(SQLITE_CONSTRAINT_NOTNULL),
                              C(SQLITE_CONSTRAINT_PINNED),
                              C(SQLITE_CONSTRAINT_PRIMARYKEY),
                              C(SQLITE_CONSTRAINT_ROWID),
                              C(SQLITE_CONSTRAINT_TRIGGER),
                              C(SQLITE_CONSTRAINT_UNIQUE),
                              C(SQLITE_CONSTRAINT_VTAB),
                              C(SQLITE_CORRUPT_INDEX),
                              C(SQLITE_CORRUPT_SEQUENCE),
                              C(SQLITE_CORRUPT_VTAB),
                              C(SQLITE_ERROR_MISSING_COLLSEQ),
                              C(SQLITE_ERROR_RETRY),
                              C(SQLITE_ERROR_SNAPSHOT),
                              C(SQLITE_IOERR_READ),
                              C(SQLITE_IOERR_WRITE),
                              C(SQLITE_LOCKED_SHAREDCACHE),
                              C(SQLITE_LOCKED_VTAB),
                              C(SQLITE_READONLY_CANTINIT),
                              C(SQLITE_READONLY_CANTLOCK),
                              C(SQLITE_READONLY_DBMOVED),
                              C(SQLITE_READONLY_DIRECTORY),
                              C(SQLITE_READONLY_RECOVERY),
                              C(SQLITE_READONLY_ROLLBACK),
                              C(SQLITE_AUTH_USER),
                              {}};
const IntConstant kOthers[] = {{"PARSE_DECLTYPES", 1},
                               {"PARSE_COLNAMES", 2},
                               C(SQLITE_DENY),
                               C(SQLITE_IGNORE),
                               C(SQLITE_CREATE_INDEX),
                               C(SQLITE_CREATE_TABLE),
                               C(SQLITE_CREATE_TEMP_INDEX),
                               C(SQLITE_CREATE_TEMP_TABLE),
                               C(SQLITE_CREATE_TEMP_TRIGGER),
                               C(SQLITE_CREATE_TEMP_VIEW),
                               C(SQLITE_CREATE_TRIGGER),
                               C(SQLITE_CREATE_VIEW),
                               C(SQLITE_DELETE),
                               C(SQLITE_DROP_INDEX),
                               C(SQLITE_DROP_TABLE),
                               C(SQLITE_DROP_TEMP_INDEX),
                               C(SQLITE_DROP_TEMP_TABLE),
                               C(SQLITE_DROP_TEMP_TRIGGER),
                               C(SQLITE_DROP_TEMP_VIEW),
                               C(SQLITE_DROP_TRIGGER),
                               C(SQLITE_DROP_VIEW),
                               C(SQLITE_INSERT),
                               C(SQLITE_PRAGMA),
                               C(SQLITE_READ),
                               C(SQLITE_SELECT),
                               C(SQLITE_TRANSACTION),
                               C(SQLITE_UPDATE),
                               C(SQLITE_ATTACH),
                               C(SQLITE_DETACH),
                               C(SQLITE_ALTER_TABLE),
                               C(SQLITE_REINDEX),
                               C(SQLITE_ANALYZE),
                               C(SQLITE_CREATE_VTABLE),
                               C(SQLITE_DROP_VTABLE),
                               C(SQLITE_FUNCTION),
                               C(SQLITE_SAVEPOINT),
                               C(SQLITE_RECURSIVE),
                               C(SQLITE_LIMIT_LENGTH),
                               C(SQLITE_LIMIT_SQL_LENGTH),
                               C(SQLITE_LIMIT_COLUMN),
                               C(SQLITE_LIMIT_EXPR_DEPTH),
                               C(SQLITE_LIMIT_COMPOUND_SELECT),
                               C(SQLITE_LIMIT_VDBE_OP),
                               C(SQLITE_LIMIT_FUNCTION_ARG),
                               C(SQLITE_LIMIT_ATTACHED),
                               C(SQLITE_LIMIT_LIKE_PATTERN_LENGTH),
                               C(SQLITE_LIMIT_VARIABLE_NUMBER),
                               C(SQLITE_LIMIT_TRIGGER_DEPTH),
                               C(SQLITE_LIMIT_WORKER_THREADS),
                               {}};
#undef C

ErrorClass class_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_INTERNAL:
    case SQLITE_NOTFOUND: return kInternalError;
    case SQLITE_ERROR:
    case SQLITE_PERM:
    case SQLITE_ABORT:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
    case SQLITE_INTERRUPT:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_EMPTY:
    case SQLITE_SCHEMA: return kOperationalError;
    case SQLITE_CORRUPT: return kDatabaseError;
    case SQLITE_TOOBIG: return kDataError;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH: return kIntegrityError;
    case SQLITE_MISUSE:
    case SQLITE_RANGE: return kInterfaceError;
    default: return kDatabaseError;
  }
}
const char* code_name(int code) {
  for (const IntConstant* c = kCodes; c->name; ++c) {
    if (c->value == code) return c->name;
  }
  return nullptr;
}
Raised raise_with_code(int code, int extended, const char* text) {
  if (error_pending()) return {};
  if ((code & 0xFF) == SQLITE_NOMEM) return raise_no_memory();
  Ref<Str> message = str_from_utf8(text);
  Ref<> error = message ? call1(g_errors[class_of(code)], message.value()) : Ref<>();
  if (!error) return {};
  const char* name = code_name(extended);
  Ref<Str> name_text = str_from_ascii(name ? name : "unknown");
  if (!name_text || !set_attribute(error.value(), intern("sqlite_errorcode"), Value::small_int(extended)) ||
      !set_attribute(error.value(), intern("sqlite_errorname"), name_text.value())) {
    return {};
  }
  return raise_object(error.value());
}

}  // namespace

Raised raise_sqlite_error(sqlite3* db) {
  return raise_with_code(sqlite3_errcode(db), sqlite3_extended_errcode(db), sqlite3_errmsg(db));
}
Raised raise_sqlite_code(int code) { return raise_with_code(code, code, sqlite3_errstr(code)); }

bool add_errors(Module* module) {
  struct Entry {
    ErrorClass which;
    const char *qualified, *name;
    int base;  // -1: Exception
  };
  const Entry entries[] = {{kWarning, "sqlite3.Warning", "Warning", -1},
                           {kError, "sqlite3.Error", "Error", -1},
                           {kInterfaceError, "sqlite3.InterfaceError", "InterfaceError", kError},
                           {kDatabaseError, "sqlite3.DatabaseError", "DatabaseError", kError},
                           {kInternalError, "sqlite3.InternalError", "InternalError", kDatabaseError},
                           {kOperationalError, "sqlite3.OperationalError", "OperationalError", kDatabaseError},
                           {kProgrammingError, "sqlite3.ProgrammingError", "ProgrammingError", kDatabaseError},
                           {kIntegrityError, "sqlite3.IntegrityError", "IntegrityError", kDatabaseError},
                           {kDataError, "sqlite3.DataError", "DataError", kDatabaseError},
                           {kNotSupportedError, "sqlite3.NotSupportedError", "NotSupportedError", kDatabaseError}};
  for (const Entry& e : entries) {
    Value base = e.base < 0 ? Value::object(exc::Exception) : g_errors[e.base];
    if (!add_exception(module, &g_errors[e.which], e.qualified, e.name, base)) return false;
  }
  return true;
}
bool add_constants(Module* module) { return module_add_ints(module, kCodes) && module_add_ints(module, kOthers); }

}  // namespace pt::sqlite
