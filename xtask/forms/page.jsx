// The page with one form, as react-jsonschema-form shows it. `fill.mjs` opens it and fills the form in.

import Form from '@rjsf/core';
import validator from '@rjsf/validator-ajv8';
import { createRoot } from 'react-dom/client';

// What came of the last click on Submit: { formData }, or { errors } when the form was refused.
window.outcome = null;

// The browser's own checks are off: they would stop a form before its schema is asked.
window.show = ({ schema, uiSchema }) => {
  createRoot(document.getElementById('page')).render(
    <Form
      schema={schema}
      uiSchema={uiSchema}
      validator={validator}
      noHtml5Validate
      onSubmit={({ formData }) => (window.outcome = { formData })}
      onError={(errors) => (window.outcome = { errors: errors.map(({ stack }) => stack) })}
    />,
  );
};
